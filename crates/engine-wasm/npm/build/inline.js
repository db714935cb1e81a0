/**
 * Makes `generated/inline.js`: the WebAssembly module as text in a program, for pages that cannot serve a file.
 *
 * The encoding is not base64, which shifts bits across byte boundaries and so hides repetitions from gzip. One character per byte,
 * or two for rarer bytes, costs 5 % more than the gzipped file itself, including the decoder; base64 costs 33 %.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** 88 visible characters that need no escape: all but the three quotes, `\`, `$` and `<`. */
const ALPHABET = visible().filter((character) => !"\"'`\\$<".includes(character));

/** How many of them stand for a byte. The last two select the second or third page of bytes for the next character. */
const PAGE = ALPHABET.length - 2;

const CODE = (text) => `/** Made by build/inline.js from tickseed_bg.wasm. */
const ALPHABET = "${ALPHABET.join("")}";
const TEXT =
  "${text}";

export function moduleBytes() {
  const numbers = new Map(Array.from(ALPHABET, (character, number) => [character, number]));
  const bytes = [];
  let page = 0;
  for (const character of TEXT) {
    const number = numbers.get(character);
    if (number < ${PAGE}) {
      bytes.push(page * ${PAGE} + number);
      page = 0;
    } else {
      page = number - ${PAGE - 1};
    }
  }
  return new Uint8Array(bytes);
}
`;

const TYPES = `/** The WebAssembly module: the bytes of tickseed_bg.wasm. */
export declare function moduleBytes(): Uint8Array<ArrayBuffer>;
`;

function visible() {
  return Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index));
}

function characters(byte) {
  const page = Math.floor(byte / PAGE);
  const character = ALPHABET[byte % PAGE];
  return page === 0 ? character : ALPHABET[PAGE + page - 1] + character;
}

/** Writes a file of `generated` whole: a build that is interrupted leaves nothing that looks finished. */
function write(name, text) {
  const partial = new URL(`${name}.partial`, generated);
  writeFileSync(partial, text);
  renameSync(partial, new URL(name, generated));
}

const generated = new URL("../generated/", import.meta.url);
const module = readFileSync(new URL("tickseed_bg.wasm", generated));
write("inline.d.ts", TYPES);
// scripts/build-wasm looks at this file to see whether both are up to date, so it comes last.
write("inline.js", CODE(Array.from(module, characters).join("")));
