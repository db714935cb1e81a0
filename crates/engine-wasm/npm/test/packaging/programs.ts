/** Programs as users write them, as text. */
import { STOPPED } from "./served.js";

/** An entry point of the package. */
export interface Entry {
  readonly name: string;
  /** Whether it can connect to sessions. */
  readonly isLive: boolean;
  /** Whether the engine is embedded. */
  readonly isInline: boolean;
}

/** How a program names the WebAssembly file. */
export interface Source {
  /** An import or declaration for it. */
  readonly prepare: string;
  /** The expression. If it is empty, the package finds the file by itself. */
  readonly file: string;
}

/** The properties of a program. */
export interface Kind {
  readonly syntax: "import" | "require";
  readonly entry: Entry;
  /** The specifier of the entry. */
  readonly from: string;
  readonly source: Source;
  /** The address of a session. */
  readonly address: string;
  /** What it does with the result. */
  readonly show: string;
}

const ENGINE = ["ENGINE_VERSION", "EngineError", "stateAt", "Timeline"];
const LIVE = [
  ...["Clock", "connect", "createSession", "getSession", "LiveSession", "openClock"],
  ...["ServerError", "SessionError", "stopSession"],
];

/** Returns a program that uses the public names of an entry and shows {@link ANSWER} if all is well. */
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
  let code;
  try {
    timeline.value(-1);
  } catch (error) {
    code = error instanceof EngineError && error.code;
  }
  return JSON.stringify([
    ENGINE_VERSION,
    timeline.state(12_863),
    stateAt(session, timeline.timeOf(1_000_000)).value,
    timeline.draw(42, "loot").below(1000),
    code,
  ]);
}
`;

/** The output of {@link program}. */
export const ANSWER = '[1,{"step":12863,"value":0,"round":64,"broken":true},108,4,"out_of_range"]';

/** Connects to a stopped session, whose state is that at the stop. */
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

/** Returns a page that runs a script. */
export const PAGE = (script: string) => `<!doctype html>
<html>
  <head><meta charset="utf-8" /></head>
  <body><script type="module" src="${script}"></script></body>
</html>
`;

/** Values of {@link Kind.show} for a page and for other programs. */
export const SHOW_IN_PAGE = "((answer) => (document.body.textContent = answer))";
export const SHOW_IN_CONSOLE = "console.log";
