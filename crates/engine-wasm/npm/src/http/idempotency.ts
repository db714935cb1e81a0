/** Keys that let a request be repeated without a second effect. */
import type { Random } from "../clock/inputs.js";

/** 128 bits, which nobody can guess. */
const KEY_BYTES = 16;

/** Returns the header of a new request. Every repetition sends the same. */
export function idempotencyHeader(random: Random): Record<string, string> {
  return { "idempotency-key": `"${[...randomBytes(random)].map(hex).join("")}"` };
}

/** Returns bytes that cannot be guessed, except on platforms without cryptography. */
function randomBytes(random: Random): Uint8Array {
  const bytes = new Uint8Array(KEY_BYTES);
  const { crypto } = globalThis as { crypto?: Partial<Crypto> };
  return typeof crypto?.getRandomValues === "function"
    ? crypto.getRandomValues(bytes)
    : bytes.map(() => Math.floor(random() * 256));
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
