/** Finds the programs that the texts show: in Markdown, and in the doc comments of the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../../..", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** The Markdown files whose programs use the package. */
const TEXTS = [join(REPOSITORY, "README.md"), join(PACKAGE, "README.md")];

/** The languages of programs. Blocks in others, such as `sh`, are not programs for this package. */
const LANGUAGES = ["ts", "tsx", "js"] as const;

/** A program in a text. */
export interface Snippet {
  /** Where it stands: the file and the line. */
  readonly title: string;
  readonly language: (typeof LANGUAGES)[number];
  readonly code: string;
}

/** Returns all programs. */
export function snippets(): Snippet[] {
  const inTexts = TEXTS.flatMap((file) => blocksIn(file, readFileSync(file, "utf8")));
  const inComments = sources().flatMap((file) => blocksIn(file, comments(readFileSync(file, "utf8"))));
  return [...inTexts, ...inComments];
}

function sources(): string[] {
  const folder = join(PACKAGE, "src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file))
    .sort();
}

/** Returns the text of a source's doc comments. Every line keeps its number; lines of code become empty. */
function comments(source: string): string {
  let isInside = false;
  const lines = source.split("\n").map((line) => {
    isInside ||= /^\s*\/\*\*/.test(line);
    const text = isInside ? line.replace(/^\s*(?:\/\*\*|\*\/|\*) ?/, "") : "";
    isInside &&= !line.includes("*/");
    return text;
  });
  return lines.join("\n");
}

function blocksIn(file: string, text: string): Snippet[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(
    ({ index, 1: tag = "", 2: code = "" }) => {
      const language = LANGUAGES.find((name) => name === tag);
      const line = text.slice(0, index).split("\n").length;
      return language === undefined
        ? []
        : [{ title: `${relative(REPOSITORY, file)}:${line}`, language, code }];
    },
  );
}
