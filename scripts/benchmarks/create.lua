-- For wrk: every request creates a session.
wrk.method = "POST"
wrk.body = '{"tick_ms": 100}'
wrk.headers["content-type"] = "application/json"
