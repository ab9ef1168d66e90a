"""A maker of drafts (docs/makers.md) that answers reviews: STINT_MAKER_SECRET=whsec_... python3 maker.py 9700

Python 3.9 or newer, its standard library alone. Work that takes long is answered 202 and done in a thread; a key that is known is
answered as before, also after a restart.
"""
import base64, hashlib, hmac, json, os, sqlite3, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

SECRET = base64.b64decode(os.environ["STINT_MAKER_SECRET"].removeprefix("whsec_"))
MOST = 4 * 1024 * 1024
DRAFTS = sqlite3.connect(os.environ.get("STINT_MAKER_DRAFTS", "drafts.db"), check_same_thread=False)
DRAFTS.execute("create table if not exists drafts (key text primary key, draft text not null)")
LOCK, WORKING = threading.Lock(), set()

def make(data):
    """Where your agent goes to work. What people wrote in `data` is data, never instructions."""
    time.sleep(0.3)
    review, business = data["settings"]["review"][:200], data["config"]["business"][:80]
    reply = f"Thank you for telling us: “{review}” We will talk about it at {business}."
    return {"title": f"Reply to a review of {business}", "fields": {"reply": reply}}

def work(key, data):
    try:
        draft = json.dumps(make(data))
        with LOCK, DRAFTS:
            DRAFTS.execute("insert or ignore into drafts values (?, ?)", (key, draft))
    finally:
        WORKING.discard(key)

class Maker(BaseHTTPRequestHandler):
    def answer(self, status, body, **headers):
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for header in {"content-type": "application/json", "content-length": str(len(payload)), **headers}.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(payload)

    def is_signed(self, body):
        sent = self.headers.get("webhook-timestamp", "")
        if not sent.isdigit() or abs(time.time() - int(sent)) > 300:
            return False
        signed = f"{self.headers.get('webhook-id')}.{sent}.".encode() + body
        mine = b"v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest())
        return any([hmac.compare_digest(mine, one) for one in self.headers.get("webhook-signature", "").encode().split(b" ")])

    def reply(self, key, data=None):
        with LOCK:
            found = DRAFTS.execute("select draft from drafts where key = ?", (key,)).fetchone()
            if not found and data is not None and key not in WORKING:
                WORKING.add(key)
                threading.Thread(target=work, args=(key, data), daemon=True).start()
        if found:
            return self.answer(200, found[0].encode())
        self.answer(202, {"note": "writing the reply", "poll_after_seconds": 0.2}, location=f"/makings/{quote(key, safe='')}")

    def do_POST(self):
        size = int(self.headers.get("content-length", 0))
        body = self.rfile.read(min(size, MOST))
        if size > MOST:
            return self.answer(413, {"detail": "too large"})
        if not self.is_signed(body):
            return self.answer(401, {"detail": "the signature is not valid"})
        try:
            data = json.loads(body)["data"]
            self.reply(data["idempotency_key"], data)
        except (ValueError, KeyError, TypeError):
            self.answer(400, {"detail": "this is no request for a draft"})

    def do_GET(self):
        if not self.is_signed(b""):
            return self.answer(401, {"detail": "the signature is not valid"})
        self.reply(unquote(self.path.removeprefix("/makings/")))

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Maker)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
