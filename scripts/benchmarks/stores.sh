# Sourced by scripts/bench-server: starts the stores. Each keeps its files in the folder "work" and appends its process id to
# the file "processes" there.
# shellcheck shell=bash

# Starts a PostgreSQL with default settings, so each commit is on disk before it is acknowledged. It refuses to run as root.
start_postgres() {
  local folder="$work/postgres"
  local -a as_account=()
  mkdir "$folder"
  if [ "$(id -u)" = 0 ]; then
    as_account=(setpriv --reuid postgres --regid postgres --clear-groups)
    chown postgres "$folder"
    "${as_account[@]}" test -w "$folder" ||
      fail "the account postgres cannot reach $folder" "put this clone where every account may enter its folders"
  fi
  "${as_account[@]}" "$(postgres_program initdb)" --auth trust --username tickseed --pgdata "$folder/data" >"$work/initdb.log" 2>&1 ||
    fail "initdb fails" "$(cat "$work/initdb.log")"
  # Its folder for sockets may be missing, or another account's.
  "${as_account[@]}" "$(postgres_program postgres)" -D "$folder/data" -c "port=$POSTGRES_PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= >"$work/postgres.log" 2>&1 &
  echo $! >>"$work/processes"
  eventually 30 query postgres "SELECT 1" || fail "PostgreSQL does not start" "$(cat "$work/postgres.log")"
}

# query DATABASE STATEMENT: runs it in PostgreSQL and prints the rows.
query() {
  "$(postgres_program psql)" --host 127.0.0.1 --port "$POSTGRES_PORT" --username tickseed --dbname "$1" --no-psqlrc --quiet \
    --tuples-only --no-align --command "$2"
}

# start_redis PORT APPENDFSYNC
start_redis() {
  mkdir "$work/redis-$2"
  redis-server --port "$1" --bind 127.0.0.1 --dir "$work/redis-$2" --save "" --appendonly yes --appendfsync "$2" \
    >"$work/redis-$2/log" 2>&1 &
  echo $! >>"$work/processes"
}

# Starts a node of Cassandra that writes each commit to disk before it acknowledges it, as the tests do. It ends with this shell.
# Sets CASSANDRA_HOST.
start_cassandra() {
  local tests=crates/store/src/test_servers/cassandra folder="$work/cassandra" network
  network="127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))"
  CASSANDRA_HOST="$network.1"
  mkdir "$folder"
  cp "$tests/logback.xml" "$folder"
  sed "s|HOST|$CASSANDRA_HOST|; s|SEED|$CASSANDRA_HOST|; s|FOLDER|$folder|" "$tests/cassandra.yaml" >"$folder/cassandra.yaml"
  # The node ends when the other end of its standard input is closed.
  exec {KEEP_CASSANDRA}> >(bash "$tests/node.sh" "$CASSANDRA" "$folder" "" >"$work/cassandra.id")
  eventually 120 grep -qs "Starting listening for CQL clients" "$folder/log" ||
    fail "Cassandra does not start" "$(tail -n 20 "$folder/log")"
  cat "$work/cassandra.id" >>"$work/processes"
}
