/**
 * Measures the cases in Node.js, and prints a line for each: its name, its step, and the nanoseconds of a call in each round, separated
 * by tabs.
 *
 *     node in-node.js PACKAGE ROUNDS
 */
import { pathToFileURL } from "node:url";

import type * as tickseed from "../src/engine.js";
import { cases } from "./cases.js";
import { lines, TURN_MS, told } from "./lines.js";
import { measure } from "./measure.js";

const [folder = "", rounds = ""] = process.argv.slice(2);
const engine: typeof tickseed = await import(pathToFileURL(`${folder}/dist/engine.js`).href);
await engine.loadEngine();
const effort = { rounds: Number(rounds), turnMs: TURN_MS };
process.stdout.write(lines(await measure(cases(engine), effort, told("Node.js", effort.rounds))));
