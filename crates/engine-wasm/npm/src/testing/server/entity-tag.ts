/** Returns a strong entity tag of a text. */
export function entityTag(text: string): string {
  let hash = 0;
  for (const character of text) {
    hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  }
  return `"${hash.toString(16)}"`;
}
