/**
 * Makes a folder with a `package.json` for each entry, such as `react/package.json`. Tools that do not know `exports` look for an entry
 * there: TypeScript with `moduleResolution: node`, Parcel in its default configuration, older versions of React Native.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

/** The conditions of `exports`, and the fields that took their place before. */
const FIELDS = { default: "main", types: "types", "react-native": "react-native" };

for (const [name, targets] of Object.entries(exports)) {
  if (/^\.\/[a-z]+$/.test(name)) {
    const known = Object.entries(targets).filter(([condition]) => condition in FIELDS);
    const fields = known.map(([condition, file]) => [FIELDS[condition], file.replace("./", "../")]);
    mkdirSync(new URL(name, root), { recursive: true });
    const text = JSON.stringify(Object.fromEntries(fields), undefined, 2);
    writeFileSync(new URL(`${name}/package.json`, root), `${text}\n`);
  }
}
