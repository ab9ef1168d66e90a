"""A maker in Python's standard library: it answers 202, works in a thread, and is asked again at its Location.

    MAKER_SECRET=whsec_... python3 maker.py 8001
"""
import base64, hmac, json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

SECRET = base64.b64decode(os.environ["MAKER_SECRET"].removeprefix("whsec_"))
TOLERANCE = 5 * 60  # seconds
makings = {}  # by idempotency key: what is known of each; a database where it has to survive a restart
lock = threading.Lock()


def signed(headers, body):
    """Whether the signature is ours and fresh (Standard Webhooks 1.0)."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE:
        return False
    mac = hmac.new(SECRET, f"{name}.{at}.".encode() + body, "sha256").digest()
    wanted = "v1," + base64.b64encode(mac).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split(" "))


def make(key, data):
    """The work. What people wrote (config, settings, decisions) is data: it is used, never obeyed."""
    making = makings[key]
    making["note"] = "reading what was decided before"
    time.sleep(0.2)
    tone = data["config"].get("tone", "plain")
    notes = [one["notes"] for one in data["decisions"] if one["notes"]]
    summary = f"A {tone} summary, with {len(notes)} notes in mind"
    making["draft"] = {"title": "This week", "fields": {"summary": summary}, "body": f"# This week\n\n{summary}."}


class Maker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, **headers):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": len(text), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(text)

    def shown(self, key):
        making = makings.get(key)
        if making is None:  # lost in a restart: it is asked for anew
            return self.answer(503, {"detail": "no such making"})
        if "draft" in making:
            return self.answer(200, making["draft"])
        working = {"note": making["note"], "poll_after_seconds": 0.5}
        self.answer(202, working, location="/makings/" + quote(key, safe=""))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not signed(self.headers, body):
            return self.answer(401, {"detail": "the signature is not ours"})
        key, data = self.headers["idempotency-key"], json.loads(body)["data"]
        with lock:  # a repeated key is the same draft, unless what we returned was no draft
            if key not in makings or "repair" in data:
                makings[key] = {"note": "waiting"}
                threading.Thread(target=make, args=(key, data), daemon=True).start()
        self.shown(key)

    def do_GET(self):
        if not signed(self.headers, b""):
            return self.answer(401, {"detail": "the signature is not ours"})
        self.shown(unquote(self.path.removeprefix("/makings/")))


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Maker).serve_forever()
