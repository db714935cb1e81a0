/**
 * Makes `generated/javascript.js`: the WebAssembly module translated to JavaScript, for engines without WebAssembly such as
 * Hermes in React Native.
 *
 * Binaryen's wasm2js knows only the first version of WebAssembly, so its newer instructions are replaced beforehand. The exports
 * that only wasm-bindgen's own loading needs are dropped: one of them is a table of a type that wasm2js does not know.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";

/** What the module uses beyond the first version of WebAssembly. A feature that is missing here fails the validation. */
const FEATURES = [
  "BulkMemory",
  "BulkMemoryOpt",
  "MutableGlobals",
  "NontrappingFPToInt",
  "ReferenceTypes",
  "SignExt",
];

const LOWERING = [
  "llvm-memory-copy-fill-lowering",
  "signext-lowering",
  "llvm-nontrapping-fptoint-lowering",
  "remove-unused-module-elements",
];

const FOR_LOADING_ONLY = [
  "__abort_handler",
  "__instance_terminated",
  "__wbindgen_externrefs",
  "__wbindgen_start",
  "memory",
];

/** Everything in a function: nothing is allocated until the engine is loaded. */
const CODE = (body) => `/** Made by build/javascript.js from tickseed_bg.wasm. */
export function moduleExports() {
${body}return asmFunc({});
}
`;

const TYPES = `/** The exports of the WebAssembly module, as JavaScript. */
export declare function moduleExports(): Record<string, (...numbers: number[]) => number>;
`;

const generated = new URL("../generated/", import.meta.url);

function lowered() {
  const module = binaryen.readBinary(readFileSync(new URL("tickseed_bg.wasm", generated)));
  module.setFeatures(FEATURES.reduce((all, name) => all | binaryen.Features[name], 0));
  for (const name of FOR_LOADING_ONLY) {
    module.removeExport(name);
  }
  module.runPasses(LOWERING);
  if (!module.validate()) {
    throw new Error("the module uses features that build/javascript.js does not name");
  }
  return module.emitText();
}

/** Runs wasm2js, which only comes as a program. Returns the text of an ES module. */
function translated(module) {
  const input = fileURLToPath(new URL("javascript.wat.partial", generated));
  const program = fileURLToPath(new URL("../node_modules/binaryen/bin/wasm2js", import.meta.url));
  writeFileSync(input, module);
  const text = execFileSync(process.execPath, [program, input, "-O", "-o", "-"], { encoding: "utf8" });
  rmSync(input);
  return text;
}

/** Returns the code that comes before the instance and its exports. */
function bodyOf(text) {
  const [body, exports, ...others] = text.split("var retasmFunc = ");
  const isExpected = exports?.startsWith("asmFunc({\n});\n") && others.length === 0;
  if (!isExpected || /^\s*(import|export)\b/m.test(body)) {
    throw new Error("the output of wasm2js has another form than build/javascript.js expects");
  }
  return body;
}

/** Writes a file of `generated` whole: a build that is interrupted leaves nothing that looks finished. */
function write(name, text) {
  const partial = new URL(`${name}.partial`, generated);
  writeFileSync(partial, text);
  renameSync(partial, new URL(name, generated));
}

const code = CODE(bodyOf(translated(lowered())));
write("javascript.d.ts", TYPES);
// scripts/build-wasm looks at this file to see whether both are up to date, so it comes last.
write("javascript.js", code);
