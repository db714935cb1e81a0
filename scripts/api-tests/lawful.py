"""Turns a request that the schema allows into one that the server takes: the rules that a JSON schema cannot state.

Only requests that are meant to be accepted come here, and they stay what they are in everything else.
"""

from datetime import datetime, timedelta, timezone
from uuid import uuid4

LAST_INSTANT = datetime(9999, 12, 31, tzinfo=timezone.utc)
# The server's clock, and the notice that a session may have, are no further from ours than this.
SOON = timedelta(days=2)
MOST_BYTES_OF_SEED = 128


def make_lawful(case, get):
    complete_headers(case)
    rule = RULES.get(case.operation.definition.raw.get("operationId"))
    if rule is not None:
        rule(case, get)


def complete_headers(case):
    """The phase `coverage` writes only letters and digits into headers, and these two need quotes."""
    if case.headers.get("If-Match", "").isalnum():
        case.headers["If-Match"] = "*"
    if case.headers.get("Idempotency-Key", "").isalnum():
        case.headers["Idempotency-Key"] = f'"{uuid4()}"'


def list_sessions(case, get):
    """A cursor comes from an earlier response, with the same filters."""
    if "cursor" in case.query:
        filters = "&".join(f"{name}={case.query[name]}" for name in ("status", "key") if name in case.query)
        cursor = get(f"/v1/sessions?limit=1&{filters}").json().get("next_cursor")
        if cursor is None:
            del case.query["cursor"]
        else:
            case.query["cursor"] = cursor


def get_session_state(case, get):
    """`at` and `step` exclude each other, and a step begins in the year 9999 or earlier."""
    if "at" in case.query:
        case.query.pop("step", None)
    if "step" in case.query:
        response = get(f"/v1/sessions/{case.path_parameters['id']}")
        if response.status_code == 200:
            session = response.json()
            ticks = [session["tick_ms"]] + [change.get("tick_ms", 1) for change in session["schedule"]]
            changes = [session["start_at"]] + [change["at"] for change in session["schedule"]]
            left = LAST_INSTANT - instant(max(changes))
            case.query["step"] = min(int(case.query["step"]), int(left.total_seconds() * 1000) // max(ticks))


def create_session(case, _get):
    """The lengths of an interval are in order, a seed is limited in bytes, and each change of a plan can follow the one before."""
    body = case.body
    if not isinstance(body, dict):
        return
    interval = (body.get("rules") or {}).get("break_interval")
    if interval:
        interval["min"], interval["max"] = sorted([interval["min"], interval["max"]])
    if body.get("seed"):
        body["seed"] = body["seed"].encode()[:MOST_BYTES_OF_SEED].decode(errors="ignore")
    if body.get("start_at"):
        body["start_at"] = write(within_years(instant(body["start_at"])))
    if body.get("schedule"):
        body["schedule"] = plan(body)


def plan(body):
    """Alternates pauses and resumptions, as many changes as there were."""
    start = instant(body["start_at"]) if body.get("start_at") else datetime.now(timezone.utc) + SOON
    changes = []
    for index in range(len(body["schedule"])):
        at = write(start + timedelta(milliseconds=index + 1))
        changes.append({"at": at, "paused": True} if index % 2 == 0 else {"at": at, "tick_ms": body["tick_ms"]})
    return changes


def later(name):
    """A change lies in the future, and its tick still begins in the year 9999."""

    def rule(case, _get):
        if isinstance(case.body, dict) and case.body.get(name):
            now = datetime.now(timezone.utc)
            at = instant(case.body[name])
            case.body[name] = write(now + SOON if at < now + SOON else within_years(at))

    return rule


def within_years(at):
    earliest = datetime(1970, 1, 2, tzinfo=timezone.utc)
    return min(max(at, earliest), LAST_INSTANT - timedelta(days=366))


def instant(text):
    """Reads RFC 3339. An instant outside the years that Python knows counts as the first or the last one."""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return LAST_INSTANT if text.startswith("9999") else datetime(1970, 1, 2, tzinfo=timezone.utc)


def write(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


RULES = {
    "listSessions": list_sessions,
    "getSessionState": get_session_state,
    "createSession": create_session,
    "stopSession": later("at"),
    "setSessionRate": later("at"),
}
