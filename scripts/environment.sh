# Sourced by the scripts beside it: where things are, which tools are pinned, and how a script tells what it does.
# shellcheck shell=bash
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"

# The crate wasm-bindgen in Cargo.toml and this program have to be of the same version.
WASM_BINDGEN_VERSION="0.2.130"
WASM_PACK_VERSION="0.15.1"

# Tools are kept outside the checkout, one folder a version, so that every clone shares them and nobody's own are replaced.
TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/tickseed"
PATH="$TOOLS/wasm-bindgen-cli-$WASM_BINDGEN_VERSION/bin:$TOOLS/wasm-pack-$WASM_PACK_VERSION/bin:$PATH"

# shellcheck disable=SC2034 # used by the scripts that source this
WASM_PACKAGE="$ROOT/crates/engine-wasm/npm"
# shellcheck disable=SC2034
WEB_DEMO="$ROOT/web-demo"

# step TEXT: one line that says what is about to happen.
step() {
  printf '\n==> %s\n' "$*"
}

# fail TEXT...: one line a reason, then the end.
fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# have COMMAND: whether it can be run.
have() {
  command -v "$1" >/dev/null 2>&1
}

# is_newer OUTPUT INPUT...: whether a file was made after everything that it is made from, folders searched through.
is_newer() {
  local output="$1"
  shift
  [ -e "$output" ] && [ -z "$(find "$@" -newer "$output" -print -quit)" ]
}
