/**
 * Makes `generated/inline.js`: the WebAssembly module as text in a program, for where no file can be served.
 *
 * Not base64: that shifts bits over the borders of bytes, and what gzip would have found repeated no longer looks so.
 * One character a byte, or two for the rarer ones, costs 5 % more than the file itself once gzipped, with the code that
 * reads it; base64 costs 33 %.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** 88 visible characters that nothing has to escape: neither the three quotes nor `\`, `$` and `<`. */
const ALPHABET = visible().filter((character) => !"\"'`\\$<".includes(character));

/** So many stand for a byte. The last two announce that the next byte is from the second or the third page of as many. */
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

const generated = new URL("../generated/", import.meta.url);
const module = readFileSync(new URL("tickseed_bg.wasm", generated));
writeFileSync(new URL("inline.js", generated), CODE(Array.from(module, characters).join("")));
writeFileSync(new URL("inline.d.ts", generated), TYPES);
