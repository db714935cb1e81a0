/** The state that each app shows, and the code that finds it. */
import { vectors } from "../../vectors.js";
import { STOPPED } from "../served.js";

const CASE = knownCase();
const START_MS = Date.parse(STOPPED.start_at);
const NOW_MS = START_MS + Number(CASE.step) * STOPPED.tick_ms + 1;

/** The session of a test vector, stopped in the vector's step. */
export const SESSION = {
  ...STOPPED,
  seed: CASE.seed,
  rules: CASE.rules,
  stopped_at: new Date(NOW_MS).toISOString(),
};

/** What each app shows. */
export const ANSWER = textOf(CASE.state);

function knownCase() {
  const found = vectors.states.find(({ state: { round, broken } }) => Number(round) > 100 && !broken);
  if (found === undefined) {
    throw new Error("the test vectors have no state of a later round that is not broken");
  }
  return found;
}

function textOf({ step, value, round, broken }: (typeof CASE)["state"]): string {
  return `step ${step}, value ${value}, round ${round}, broken ${broken}`;
}

interface Options {
  /** The entry of the package. The default is `tickseed`. */
  readonly entry?: string;
  readonly syntax?: "import" | "require" | "global";
  /** Code before everything else. */
  readonly before?: string;
  /** An expression for the WebAssembly module. By default the package finds it. */
  readonly engine?: string;
  /** Whether it also connects to the session, for which it needs `fetch`. */
  readonly isLive?: boolean;
}

/** Returns code that declares `answer`, an asynchronous function whose result is {@link ANSWER} if all is well. */
export function answer(options: Options = {}): string {
  const { before = "", engine = "", isLive = true } = options;
  return `${before}
${imported(options)}
const session = ${JSON.stringify(SESSION)};
const textOf = ({ step, value, round, broken }) =>
  "step " + step + ", value " + value + ", round " + round + ", broken " + broken;

async function answer() {
  await loadEngine(${engine});
  const text = textOf(stateAt(session, ${NOW_MS}));${isLive ? CONNECT : ""}
  return text;
}
`;
}

const CONNECT = `
  const live = await connect("ADDRESS");
  const told = textOf(live.state());
  live.close();
  if (told !== text) {
    throw new Error("the engine says " + text + ", and the session " + told);
  }`;

function imported({ entry = "tickseed", syntax = "import" }: Options): string {
  const names = "{ connect, loadEngine, stateAt }";
  const lines = {
    import: `import ${names} from "${entry}";`,
    require: `const ${names} = require("${entry}");`,
    global: `const ${names} = ${entry};`,
  };
  return lines[syntax];
}

/** Returns a program that prints the state. */
export function printed(options?: Options): string {
  return `${answer(options)}\nanswer().then(console.log);\n`;
}

/** Returns a script that shows the state in its page. */
export function shown(options?: Options): string {
  return `${answer(options)}\nanswer().then((text) => document.body.append(text));\n`;
}

/** Returns a page with a script. */
export function page(script: string, type = "module"): string {
  return `<!doctype html>
<html>
  <head><meta charset="utf-8" /></head>
  <body><script type="${type}" src="${script}"></script></body>
</html>
`;
}
