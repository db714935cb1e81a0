# Sourced by scripts/run-several, which starts the servers: checks that they work together, and that any one of them
# can fail without harm.
# shellcheck shell=bash
# shellcheck disable=SC2154 # run-several defines NGINX, SERVERS, REDIS, FOLDER and the functions that start and stop

passed=0
failed=0

# Runs every check, then prints "N passed, N failed".
several_checks() {
  make_session
  checks_of_sessions
  checks_of_answers
  checks_of_restarts
  checks_with_a_server_that_hangs
  checks_without_redis
  checks_without_one_server
  checks_without_servers
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}

checks_of_sessions() {
  expect "a session can be created through nginx" contains '"status":"running"' "$NGINX$SESSION"
  expect "both servers have it and return the same bytes" servers_agree
  expect "nginx caches it: the second read does not reach a server" is_kept
  expect "nginx answers 304 to a client that has it" is_not_modified
  follow_events
  expect "its event stream starts at once, through nginx" eventually 5 has_event session
  expect "server 1 stops the session" answers_with 200 "${SERVERS[1]}$SESSION/stop" "${EMPTY_POST[@]}"
  expect "server 2 reports it as stopped within 5 s" eventually 5 contains '"status":"stopped"' "${SERVERS[2]}$SESSION"
  expect "nginx reports it as stopped within 10 s" eventually 10 contains '"status":"stopped"' "$NGINX$SESSION"
  expect "its event stream reports the stop within 5 s, through nginx" eventually 5 has_event stopped
}

checks_of_answers() {
  expect "nginx never caches the time" is_never_kept
  expect "for a minute, every answer of nginx leaves a third of the notice" promise_goes_on
  expect "the page loads through nginx, with its WebAssembly compressed but unchanged" webassembly_is_the_same
  expect "the server refuses a body larger than 64 KiB" refuses_body_of 70000
  expect "nginx refuses a body larger than 128 KiB, in the same format" refuses_body_of 140000
  expect "nginx does not reveal its version" has_header server nginx "$NGINX/healthz"
}

# As docs/operations.md describes them under "Rolling restarts".
checks_of_restarts() {
  local server
  # nginx would wait for this stream whenever it reloads.
  stop events TERM
  doing "both servers restart in turn, while clients read"
  start_load times 16 "$NGINX/v1/time"
  start_load states 16 "$NGINX$SESSION/state"
  for server in 1 2; do restart_server "$server"; done
  stop times KILL
  stop states KILL
  expect "no request for the time fails" load_only_gets 200 times
  expect "no request for a state fails" load_only_gets 200 states
  doing "both servers restart in turn, each marked as down in nginx, while clients create sessions"
  start_load creates 4 "$NGINX/v1/sessions" "${NEW_SESSION[@]}"
  for server in 1 2; do
    reload_nginx "$server"
    restart_server "$server"
    reload_nginx
  done
  stop creates KILL
  # A slow disk makes Redis slow, and then the servers answer 503.
  expect "no session fails to be created" load_only_gets "201|503" creates
}

checks_with_a_server_that_hangs() {
  doing "server 2 hangs"
  kill -s STOP "${PROCESSES[server-2]}"
  start_load hung 16 "$NGINX/v1/time"
  # Less than the 10 s after which nginx gives up waiting.
  expect "reads go on: server 1 answers 1,000 within 8 s" eventually 8 has_lines 1000 hung
  kill -s CONT "${PROCESSES[server-2]}"
  stop hung KILL
}

restart_server() {
  stop "server-$1" TERM
  start_server "$1"
}

checks_without_redis() {
  # Puts the session into the memory of both servers.
  servers_agree >/dev/null
  doing "Redis stops"
  stop redis TERM
  expect "the servers' error reaches the client, however often it asks" says_store_unavailable
  expect "a session that was read before is still served" answers_with 200 "$NGINX$SESSION"
  expect "routes that need no session still work" answers_with 200 "$NGINX/v1/time"
  doing "Redis starts again"
  start_redis
  expect "both servers reconnect within 20 s" eventually 20 servers_are_ready
  expect "nginx creates a session again within 10 s" eventually 10 answers_with 201 "$NGINX/v1/sessions" "${NEW_SESSION[@]}"
  expect "nothing was lost: server 2 has the earlier session" contains '"status":"stopped"' "${SERVERS[2]}$SESSION"
}

checks_without_one_server() {
  # Makes nginx forget what failed without Redis.
  reload_nginx
  doing "server 1 is killed"
  stop server-1 KILL
  expect "20 of 20 reads through nginx are answered" all_are_answered 20 200 "$NGINX/v1/time"
  expect "5 of 5 sessions are created through nginx" all_are_answered 5 201 "$NGINX/v1/sessions" "${NEW_SESSION[@]}"
  expect "new event streams start" events_begin
  doing "server 1 starts again, and server 2 is killed a moment later"
  start_server 1
  stop server-2 KILL
  expect "20 of 20 reads through nginx are answered" all_are_answered 20 200 "$NGINX/v1/time"
  expect "5 of 5 sessions are created through nginx" all_are_answered 5 201 "$NGINX/v1/sessions" "${NEW_SESSION[@]}"
  expect "server 1 has the earlier session" contains '"status":"stopped"' "${SERVERS[1]}$SESSION"
  start_server 2
}

checks_without_servers() {
  # Refreshes nginx's cache, which may have expired by now.
  request "$NGINX$SESSION" >/dev/null
  doing "both servers are killed"
  stop server-1 KILL
  stop server-2 KILL
  expect "nginx reports it: 502, no_server, Retry-After" says_no_server
  expect "a session in nginx's cache is still served" answers_with 200 "$NGINX$SESSION"
  doing "server 2 starts again"
  start_server 2
  expect "nginx finds it within 5 s" eventually 5 answers_with 200 "$NGINX/v1/time"
}

NEW_SESSION=(--header "content-type: application/json" --data '{"tick_ms": 100}')
NOTICED_SESSION=(--header "content-type: application/json" --data '{"tick_ms": 100, "notice_ms": 15000}')
EMPTY_POST=(--header "content-type: application/json" --data '{}')

# expect TITLE COMMAND...: runs one check and prints one line, followed by the command's output if it fails.
expect() {
  local output
  if output="$("${@:2}" 2>&1)"; then
    passed=$((passed + 1))
    printf 'ok      %s\n' "$1"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n%s\n' "$1" "$output"
  fi
}

# doing TEXT: announces what happens to the servers next.
doing() {
  printf '        %s\n' "$1"
}

# request ADDRESS [OPTION...]: prints the body of the response.
request() {
  curl --silent --show-error --max-time 15 "$@"
}

# Sets SESSION to the path of a new session.
make_session() {
  SESSION="$(header location "$NGINX/v1/sessions" "${NEW_SESSION[@]}")"
  [ -n "$SESSION" ] || fail "no session can be created through nginx" "$(request "$NGINX/v1/sessions" "${NEW_SESSION[@]}")"
}

# header NAME ADDRESS [OPTION...]: prints the value of a response header, or nothing if it is absent.
header() {
  request "${@:2}" --output /dev/null --dump-header - | tr -d '\r' | sed -n "s/^$1: //Ip"
}

# has_header NAME VALUE ADDRESS [OPTION...]
has_header() {
  local value
  value="$(header "$1" "${@:3}")"
  printf '%s: %s\n' "$1" "$value"
  [ "$value" = "$2" ]
}

# contains TEXT ADDRESS [OPTION...]: prints the body and succeeds if it contains the text.
contains() {
  local body
  body="$(request "${@:2}")"
  printf '%s\n' "$body"
  [[ "$body" == *"$1"* ]]
}

# answers_with STATUS ADDRESS [OPTION...]: prints the whole response and succeeds if it has the status.
answers_with() {
  local answer
  answer="$(request --include "${@:2}")"
  printf '%s\n' "$answer"
  [[ "$answer" == HTTP/*" $1 "* ]]
}

# all_are_answered NUMBER STATUS ADDRESS [OPTION...]: sends that many requests, one after another.
all_are_answered() {
  local count
  for ((count = 0; count < $1; count++)); do
    answers_with "${@:2}" || return 1
  done
}

# start_load NAME NUMBER ADDRESS [OPTION...]: sends requests, NUMBER at a time, until "stop NAME KILL". Each writes its status to
# NAME.log. The part after # is not sent; it only makes curl repeat the request.
start_load() {
  start "$1" curl --no-progress-meter --parallel --parallel-immediate --parallel-max "$2" --output /dev/null --write-out '%{stderr}%{http_code}\n' \
    "$3#[1-9999999]" "${@:4}"
}

# load_only_gets STATUSES NAME: succeeds if at least 100 requests of a load got these statuses, and none another one.
load_only_gets() {
  printf 'number and status:\n'
  sort "$FOLDER/$2.log" | uniq -c
  [ "$(grep -cxE "$1" "$FOLDER/$2.log")" -ge 100 ] && ! grep -qvxE "$1" "$FOLDER/$2.log"
}

# has_lines NUMBER NAME: succeeds once a load has got that many responses.
has_lines() {
  [ "$(wc -l <"$FOLDER/$2.log")" -ge "$1" ]
}

servers_agree() {
  local first second
  first="$(request "${SERVERS[1]}$SESSION")"
  second="$(request "${SERVERS[2]}$SESSION")"
  printf '%s\n' "$first" "$second"
  [ -n "$first" ] && [ "$first" = "$second" ]
}

servers_are_ready() {
  answers_with 200 "${SERVERS[1]}/readyz" && answers_with 200 "${SERVERS[2]}/readyz"
}

is_kept() {
  request "$NGINX$SESSION" >/dev/null && has_header x-cache HIT "$NGINX$SESSION"
}

is_not_modified() {
  local tag
  tag="$(header etag "$NGINX$SESSION")"
  [ -n "$tag" ] && answers_with 304 "$NGINX$SESSION" --header "if-none-match: $tag"
}

is_never_kept() {
  request "$NGINX/v1/time" >/dev/null && has_header x-cache "" "$NGINX/v1/time"
}

# Reads a session with a notice of 15 s, and checks until when each answer is settled.
promise_goes_on() {
  local session settled left end=$((SECONDS + 60))
  session="$(header location "$NGINX/v1/sessions" "${NOTICED_SESSION[@]}")"
  while [ "$SECONDS" -lt "$end" ]; do
    settled="$(header tickseed-settled-until "$NGINX$session")"
    [ -n "$settled" ] || return 1
    left=$(($(date --date "$settled" +%s%3N) - $(date +%s%3N)))
    printf 'settled until %s, for another %s ms\n' "$settled" "$left"
    [ "$left" -ge 5000 ] || return 1
    sleep 0.5
  done
}

# Records the event stream in a file, in a process that end_all stops.
follow_events() {
  start events curl --silent --no-buffer --max-time 120 --output "$FOLDER/events" "$NGINX$SESSION/events"
}

# has_event NAME
has_event() {
  grep "^event: *$1" "$FOLDER/events"
}

# A stream never ends, so curl gives up after a second and only the events received by then count.
events_begin() {
  local events
  events="$(curl --silent --no-buffer --max-time 1 "$NGINX$SESSION/events" || true)"
  grep "^event: *session" <<<"$events"
}

webassembly_is_the_same() {
  local script module
  script="$(request "$NGINX/" | grep -o '/assets/[^"]*\.js' | head -n 1)"
  module="/assets/$(request --compressed "$NGINX$script" | grep -o '[^"`/]*\.wasm' | head -n 1)"
  printf 'the page loads %s and %s\n' "$script" "$module"
  [ "$module" != /assets/ ] &&
    has_header content-type application/wasm --compressed "$NGINX$module" &&
    has_header content-encoding gzip --compressed "$NGINX$module" &&
    cmp <(request --compressed "$NGINX$module") <(request "${SERVERS[1]}$module")
}

# refuses_body_of BYTES
refuses_body_of() {
  local answer
  answer="$(head -c "$1" /dev/zero | tr '\0' ' ' |
    request --include --header "content-type: application/json" --data-binary @- "$NGINX/v1/sessions")"
  is_problem "$answer" 413 body_too_large
}

says_store_unavailable() {
  local unknown="$NGINX/v1/sessions/sess_00000000-0000-4000-8000-000000000000" count
  for ((count = 0; count < 8; count++)); do
    is_problem "$(request --include "$unknown")" 503 store_unavailable || return 1
  done
}

says_no_server() {
  local answer
  answer="$(request --include "$NGINX/v1/time")"
  is_problem "$answer" 502 no_server && grep -qi "^retry-after: 1" <<<"$answer"
}

# is_problem RESPONSE STATUS CODE: prints the response and succeeds if it is such an error in the format of docs/http-api.md.
is_problem() {
  printf '%s\n' "$1"
  [[ "$1" == *HTTP/*" $2 "* && "$1" == *"\"status\":$2,"* && "$1" == *"\"code\":\"$3\""* ]] &&
    grep -qi "^content-type: application/problem+json" <<<"$1"
}
