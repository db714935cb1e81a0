/** Runs all apps, or those whose names contain the words given, one after another, and prints a line for each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { APPS } from "./all.js";
import type { App } from "./app.js";
import { attempt } from "./attempt.js";
import { ProgramError } from "./execute.js";
import { openWorkshop, type Workshop } from "./workshop.js";

const [output = "", ...words] = process.argv.slice(2);

await main();

async function main(): Promise<void> {
  const chosen = APPS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (output === "--tools") {
    print([...new Set(chosen.map(({ tools }) => tools))].join("\n"));
    return;
  }
  const failed = await runAll(chosen);
  print(`${chosen.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 && chosen.length > 0 ? 0 : 1);
}

/** Returns how many fail. */
async function runAll(apps: readonly App[]): Promise<number> {
  mkdirSync(output, { recursive: true });
  const workshop = await openWorkshop();
  let failed = 0;
  for (const app of apps) {
    failed += (await runOne(app, workshop)) ? 0 : 1;
  }
  await workshop.close();
  return failed;
}

/** Returns whether the app shows the state. Keeps all that a failed program printed. */
async function runOne(app: App, workshop: Workshop): Promise<boolean> {
  const started = performance.now();
  const line = (result: string, reason: string) =>
    print(
      `${result}  ${((performance.now() - started) / 1_000).toFixed(1).padStart(5)} s  ${app.name}${reason}`,
    );
  try {
    await attempt(app, workshop);
    line("pass", "");
    return true;
  } catch (error) {
    const { message, cause } = error as Error;
    const printed = error instanceof ProgramError ? error.output : typeof cause === "string" ? cause : "";
    writeFileSync(join(output, `${nameOfLog(app)}.log`), `${message}\n\n${printed}`);
    line("FAIL", `: ${message.replace(/\s+/g, " ").slice(0, 300)}`);
    return false;
  }
}

function nameOfLog({ name }: App): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
