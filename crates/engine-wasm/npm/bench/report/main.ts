/**
 * Turns measurements into pages and plots. `scripts/bench` runs it.
 *
 *     node main.js MEASUREMENTS PAGES PART...
 *
 * Prints what must hold, and exits with status 1 if something of it does not.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { head } from "./about.js";
import { engine } from "./engine.js";
import { memory } from "./memory.js";
import { npmPackage } from "./package.js";
import { line, type Part, type Verdict } from "./part.js";
import { players } from "./players.js";
import { Raw } from "./raw.js";
import { server } from "./server.js";
import { wasm } from "./wasm.js";

interface Kind {
  readonly title: string;
  readonly of: (raw: Raw) => Part;
}

const PARTS: Readonly<Record<string, Kind>> = {
  engine: { title: "What the engine costs", of: engine },
  wasm: { title: "What the engine costs in WebAssembly", of: wasm },
  package: { title: "What the npm package weighs", of: npmPackage },
  server: { title: "How much the server answers", of: server },
  memory: { title: "How much memory the server takes", of: memory },
};

const [measurements = "", pages = "", ...parts] = process.argv.slice(2);
const raw = new Raw(measurements);
const verdicts = parts.flatMap((name) => write(name, PARTS[name] as Kind, name));
if (["server", "memory"].every((name) => existsSync(join(measurements, `${name}.about.tsv`)))) {
  write("players", { title: "What a million players cost", of: players }, "memory");
}
for (const verdict of verdicts) {
  process.stdout.write(`${line(verdict)}\n`);
}
process.exitCode = verdicts.every(({ holds }) => holds) ? 0 : 1;

/** Writes the page of a part and its plots, and returns what must hold. */
function write(name: string, { title, of }: Kind, about: string): readonly Verdict[] {
  const part = of(raw);
  writeFileSync(join(pages, `${name}.md`), `${head(title, raw.about(about))}\n\n${part.page}\n`);
  for (const [file, plot] of Object.entries(part.plots)) {
    writeFileSync(join(pages, file), plot);
  }
  return part.verdicts;
}
