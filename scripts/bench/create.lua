-- wrk: creates a session with every request.
wrk.method = "POST"
wrk.body = '{"tick_ms": 100}'
wrk.headers["content-type"] = "application/json"
