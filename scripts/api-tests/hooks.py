"""What Schemathesis does beside its own checks. scripts/test-api loads this file, and says with which server in the environment."""

import os
import re
from urllib.parse import unquote_plus

import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import IgnoredAuth

from lawful import make_lawful

SERVER = os.environ["API_SERVER"]
# The API key that creates, changes and lists everything. Empty with `--access open`.
KEY = os.environ.get("API_KEY", "")

# What HTTP itself adds.
HEADERS_OF_HTTP = {"connection", "content-length", "content-type", "date", "transfer-encoding"}

# The operations that change one session.
CHANGES = ("/pause", "/resume", "/rate", "/withdraw", "/stop", "/extend", "/token")

EVENTS = ["session", "changed", "stopped", "expired", "deleted", "settled"]


@schemathesis.hook
def before_load_schema(_context, document):
    """Says what holds for the way in which this server was started, where one document cannot."""
    for methods in document["paths"].values():
        for operation in methods.values():
            # The document is for every mode. With `keys`, credentials are not optional, and `ignored_auth` checks nothing that is.
            if KEY and operation.get("security") == [{}, {"bearer": []}]:
                operation["security"] = [{"bearer": []}]
            for parameter in operation.get("parameters", []):
                # Clients with an API key may use shorter idempotency keys.
                if KEY and parameter["name"] == "Idempotency-Key":
                    parameter["schema"]["pattern"] = parameter["schema"]["pattern"].replace("{32,255}", "{1,255}")
            describe_events(operation["responses"].get("200", {}).get("content", {}))


def describe_events(content):
    """OpenAPI 3.1 describes a whole stream, which is a string. Schemathesis takes the schema for that of a single event."""
    if "text/event-stream" in content:
        content["text/event-stream"] = {
            "schema": {
                "type": "object",
                "properties": {
                    "event": {"enum": EVENTS},
                    "id": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
                    "data": {"type": "string", "pattern": r"^\{.*\}$"},
                    "retry": {"type": "integer", "minimum": 1000, "maximum": 10000},
                },
            }
        }


@schemathesis.hook
def before_call(_context, case, kwargs):
    """A request that the schema allows also has to be one that the server can take. A schema cannot say everything."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        make_lawful(case, lambda path: requests.get(SERVER + path, headers=credential(KEY), timeout=5))


def credential(text):
    return {"Authorization": f"Bearer {text}"} if text else {}


@schemathesis.check
def only_documented_headers(_context, response, case):
    """`response_headers_conformance` looks only at headers that the document has. This looks at those that it lacks."""
    definition = case.operation.responses.find_by_status_code(response.status_code)
    if definition is None or case.method.upper() != case.operation.method.upper():
        return
    documented = {name.lower() for name, _ in definition.headers.items()} | HEADERS_OF_HTTP
    unknown = sorted(name for name in response.headers if name.lower() not in documented)
    if unknown:
        raise AssertionError(f"undocumented headers: {', '.join(unknown)}")


def create():
    body = {"tick_ms": 100, "seed": "another one"}
    response = requests.post(f"{SERVER}/v1/sessions", json=body, headers=credential(KEY), timeout=5)
    response.raise_for_status()
    return response.json()


def bytes_of(session):
    return requests.get(f"{SERVER}/v1/sessions/{session['id']}", timeout=5).content


ANOTHER = create() if KEY else None


@schemathesis.check
def another_sessions_token_changes_nothing(_context, response, case):
    """Sends a change that has succeeded once more: to a new session, with the token of another one, and without any."""
    is_change = case.operation.path.endswith(CHANGES) or case.operation.method.upper() == "DELETE"
    if ANOTHER is None or not is_change or response.status_code >= 300:
        return
    session = create()
    before = bytes_of(session)
    address = SERVER + case.operation.path.replace("{id}", session["id"])
    headers = {"Content-Type": "application/json"}
    for token, expected in [(ANOTHER["control_token"], 403), ("", 401)]:
        answer = requests.request(
            case.operation.method, address, data=response.request.body, headers=headers | credential(token), timeout=5
        )
        assert answer.status_code == expected, f"without the right: {answer.status_code} in place of {expected}"
    assert bytes_of(session) == before, "the session was changed without the right"


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Leaves out what is no failure, although it looks like one."""
    if isinstance(failure, IgnoredAuth) and case.operation.method.upper() == "DELETE":
        # The session is gone by then, so nobody gets anything but 404. The check above sends the same to another session.
        return "got `404 Not Found`" not in failure.message
    if isinstance(failure, AcceptedNegativeData):
        # RFC 3339 lets a space stand for the T, and so does the server. `date-time` in JSON Schema does not.
        return "'date-time' format" not in failure.message or not INSTANT_WITH_SPACE.search(sent(response))
    return True


INSTANT_WITH_SPACE = re.compile(r"\d{4}-\d\d-\d\d \d\d:")


def sent(response):
    """Returns the query and the body of a request, as text."""
    body = response.request.body or b""
    body = body if isinstance(body, str) else body.decode(errors="replace")
    return unquote_plus(response.request.url or "") + body
