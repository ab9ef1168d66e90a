"""Hires a trading agent over the API of Stint, signs its draft and has it executed.

Needs Python 3.9 or newer, and no package. It reads three variables:

    STINT_URL       the front door; http://127.0.0.1:4100 unless given
    CUSTOMER_TOKEN  on the local stack: npx stint token --role customer --subject acme
    OPERATOR_TOKEN  on the local stack: npx stint token --role operator --subject olga
"""

import json
import os
import sys
import time
import uuid
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

API = os.environ.get("STINT_URL", "http://127.0.0.1:4100") + "/api/v1"
TRIES = 5


class Problem(Exception):
    """What the API refuses (RFC 9457). Decide by `code`, which is stable; the words are for people."""

    def __init__(self, status, body):
        self.status, self.code = status, body.get("code", "unknown")
        faults = [f"{fault['path']} {fault['message']}" for fault in body.get("errors", [])]
        super().__init__(f"{status} {self.code}: {'; '.join(faults) or body.get('detail') or body.get('title')}")

    def is_passing(self):
        """Whether the same request may succeed later."""
        return self.status in (429, 502, 503, 504) or self.code == "idempotency_in_flight"


def problem_of(error):
    try:
        return Problem(error.code, json.load(error))
    except ValueError:  # a proxy's page, and no answer of Stint
        return Problem(error.code, {"title": error.reason})


def call(token, method, path, body=None):
    """Sends a request and answers with its JSON. All tries have one Idempotency-Key, so that none happens twice."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None
    if method != "GET":
        headers["Idempotency-Key"] = str(uuid.uuid4())
        data = json.dumps(body or {}).encode()
    for left in reversed(range(TRIES)):
        wait = 1
        try:
            with urlopen(Request(API + path, data, headers, method=method), timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            problem = problem_of(error)
            if left == 0 or not problem.is_passing():
                raise problem from None
            wait = int(error.headers.get("Retry-After", wait))
        except (URLError, TimeoutError):  # no answer: it may have happened, or not
            if left == 0:
                raise
        time.sleep(wait)


def sign_up(customer):
    try:
        return call(customer, "POST", "/customers", {
            "full_name": "Asha Rao",
            "email": "asha@example.org",
            "phone": "+91 98200 00001",
            "business_name": "Rao Trading",
            "business_industry": "finance",
            "business_address": "1 Park Lane, Pune",
            "preferred_contact_method": "email",
            "consent": True,
        })
    except Problem as problem:
        if problem.code != "customer_exists":
            raise
        return call(customer, "GET", "/customers")["items"][0]


def hire_agent(customer, operator, customer_id):
    agent = "trading.delta_futures.v1"
    subscription = call(customer, "POST", "/subscriptions", {
        "agent_id": agent,
        "customer_id": customer_id,
        "duration": "monthly",
    })["subscription_id"]
    call(operator, "POST", f"/subscriptions/{subscription}/activate")  # once it is paid
    hire = call(customer, "PUT", "/hired-agents/draft", {
        "subscription_id": subscription,
        "agent_id": agent,
        "config": {
            "nickname": "Tara",
            "theme": "dark",
            "timezone": "Asia/Kolkata",
            "exchange_provider": "delta_exchange_india",
            "credential_ref": "vault-7",
            "allowed_coins": ["BTC", "ETH"],
            "default_coin": "BTC",
            "risk_limits": {"max_units_per_order": 5},
        },
    })
    for fault in hire["missing"]:
        print(f"missing    {fault['path']} {fault['message']}")
    call(customer, "POST", f"/hired-agents/{hire['hired_instance_id']}/finalize")
    return hire["hired_instance_id"]


def run_goal(customer, hire):
    """Sets a goal and runs it now; with the frequency `daily` it would run by itself."""
    goal = call(customer, "PUT", f"/hired-agents/{hire}/goals", {
        "goal_template_id": "trading.trade_intent_draft.v1",
        "frequency": "on_demand",
        "settings": {"coin": "btc", "side": "buy", "units": 2},
    })["goal_instance_id"]
    call(customer, "POST", f"/hired-agents/{hire}/goals/{goal}/run")
    return goal


def wait_for(look, seconds=120):
    """Looks until there is an answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    raise TimeoutError(f"nothing within {seconds} seconds")


def draft_of(customer, goal):
    def look():
        for run in call(customer, "GET", f"/scheduler/runs?goal_instance_id={goal}")["items"]:
            if run["status"] in ("cancelled", "dead_lettered"):
                sys.exit(f"the run is {run['status']}: {run['reason']}")
            if run["status"] == "completed":
                return call(customer, "GET", f"/deliverables/{run['deliverable_id']}")

    return wait_for(look)


def main():
    customer, operator = os.environ["CUSTOMER_TOKEN"], os.environ["OPERATOR_TOKEN"]
    customer_id = sign_up(customer)["customer_id"]
    print(f"customer   {customer_id}")
    hire = hire_agent(customer, operator, customer_id)
    print(f"hire       {hire}")

    draft = draft_of(customer, run_goal(customer, hire))
    path = f"/deliverables/{draft['deliverable_id']}"
    order = draft["payload"]
    print(f"draft      {order['side']} {order['units']} {order['coin']}")

    # The hash names the content that was shown: if the draft were another one by now, this would be 409 revision_changed
    approval = call(customer, "POST", f"{path}/review", {
        "decision": "approved",
        "notes": "within our limits",
        "content_sha256": draft["content_sha256"],
    })["approval_id"]
    print(f"approved   {draft['content_sha256']}")

    # 200: it was delivered. 202: its delivery is tried again for up to three days
    call(customer, "POST", f"{path}/execute", {"approval_id": approval})

    def executed():
        now = call(customer, "GET", path)
        return now if now["execution_status"] == "executed" else None

    print(f"executed   {wait_for(executed)['execution']['delivery_id']}")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"Stint refuses: {problem}")
