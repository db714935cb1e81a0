/** What strangers write, as the text of files. */
import { STOPPED } from "./served.js";

/** Something to import from. */
export interface Entry {
  readonly name: string;
  /** Whether it has what connects to sessions. */
  readonly isLive: boolean;
  /** Whether the engine is inside, as text. */
  readonly isInline: boolean;
}

/** Where a program says that the WebAssembly file is. */
export interface Source {
  /** What is imported or declared for it. */
  readonly prepare: string;
  /** The expression. If it is empty, the package finds the file by itself. */
  readonly file: string;
}

/** What a program is like. */
export interface Kind {
  readonly syntax: "import" | "require";
  readonly entry: Entry;
  /** How it names the entry. */
  readonly from: string;
  readonly source: Source;
  /** The address of a session. */
  readonly address: string;
  /** What it does with its answer. */
  readonly show: string;
}

const ENGINE = ["ENGINE_VERSION", "EngineError", "stateAt", "Timeline"];
const LIVE = [
  ...["Clock", "connect", "createSession", "getSession", "LiveSession", "openClock"],
  ...["ServerError", "SessionError", "stopSession"],
];

/** A program that uses public names of an entry and shows {@link ANSWER}, if all is well. */
export function program({ syntax, entry, from, source, address, show }: Kind): string {
  const names = `{ ${["loadEngine", ...ENGINE, ...(entry.isLive ? LIVE : [])].join(", ")} }`;
  const found =
    syntax === "import" ? `import ${names} from "${from}"` : `const ${names} = require("${from}")`;
  return `${found};
${source.prepare}
${ASK_ENGINE}
${entry.isLive ? connectOnce(address, source.file) : ""}
async function run() {
${steps(entry, source.file)}
}

run().then((answer) => ${show}(answer));
`;
}

/** Connecting loads the engine. */
function steps({ isLive }: Entry, file: string): string {
  return `${isLive ? "await connectOnce();" : `await loadEngine(${file});`} return askEngine();`;
}

const ASK_ENGINE = `
const session = { seed: "550e8400-e29b-41d4-a716-446655440000", start_at: "2026-11-23T12:00:03.000Z", tick_ms: 100 };

function askEngine() {
  const timeline = new Timeline(session);
  let refused;
  try {
    timeline.value(-1);
  } catch (error) {
    refused = error instanceof EngineError && error.code;
  }
  return JSON.stringify([
    ENGINE_VERSION,
    timeline.state(12_863),
    stateAt(session, timeline.timeOf(1_000_000)).value,
    timeline.draw(42, "loot").below(1000),
    refused,
  ]);
}
`;

/** What {@link program} shows. */
export const ANSWER = '[1,{"step":12863,"value":0,"round":64,"broken":true},108,4,"out_of_range"]';

/** Connects to a session that has stopped: its state is that of the instant at which it did. */
const connectOnce = (address: string, file: string) => `
async function connectOnce() {
  const missing = [${LIVE.join(", ")}].filter((name) => typeof name !== "function");
  const live = await connect("${address}"${file && `, { engine: ${file} }`});
  const state = JSON.stringify(live.state());
  live.close();
  const right = JSON.stringify(stateAt(${JSON.stringify(STOPPED)}, "${STOPPED.stopped_at}"));
  if (missing.length > 0 || state !== right) {
    throw new Error(\`\${missing.length} names are missing; the state is \${state}, not \${right}\`);
  }
}
`;

/** A page that does what a script says. */
export const PAGE = (script: string) => `<!doctype html>
<html>
  <head><meta charset="utf-8" /></head>
  <body><script type="module" src="${script}"></script></body>
</html>
`;

/** To be the {@link Kind.show} of a program in a page, or elsewhere. */
export const SHOW_IN_PAGE = "((answer) => (document.body.textContent = answer))";
export const SHOW_IN_CONSOLE = "console.log";
