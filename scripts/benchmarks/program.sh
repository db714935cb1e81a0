# Sourced by scripts/bench and scripts/bench-wasm: compiles the programs of the npm package that measure and report.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used by the scripts that source this
BENCH_PROGRAM="$ROOT/artifacts/bench/program"

compile_bench_program() {
  [ -d "$WASM_PACKAGE/node_modules" ] || fail "the tools of the npm package are missing; run: scripts/install-tools"
  mkdir -p "$BENCH_PROGRAM"
  # Makes Node.js read the files as ES modules, and find the packages that they import.
  printf '{ "type": "module" }\n' >"$BENCH_PROGRAM/package.json"
  ln -sfn "$WASM_PACKAGE/node_modules" "$BENCH_PROGRAM/node_modules"
  "$WASM_PACKAGE/node_modules/.bin/tsc" -p "$WASM_PACKAGE/bench/tsconfig.json"
}
