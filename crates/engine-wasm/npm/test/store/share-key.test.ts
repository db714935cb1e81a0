import { describe, expect, it } from "vitest";

import type { ConnectOptions } from "../../src/index.js";
import { shareKey } from "../../src/store/share-key.js";
import { HttpWorld } from "../world/http-world.js";

const ADDRESS = "https://ticks.example/v1/sessions/sess_1";
const { platform } = new HttpWorld();
const engine = new Response();

describe("components share a session if", () => {
  it.each<[string, string | URL, ConnectOptions, string | URL, ConnectOptions]>([
    ["the address is a string or a URL", ADDRESS, {}, new URL(ADDRESS), {}],
    ["the address is written in another way", `${ADDRESS}/`, {}, ADDRESS.replace("https", "HTTPS"), {}],
    ["both have no valid address", "sess_1", {}, "sess_1", {}],
    [
      "headers are the same",
      ADDRESS,
      { headers: { A: "1", b: "2" } },
      ADDRESS,
      { headers: { b: "2", a: "1" } },
    ],
    ["there are no headers", ADDRESS, { headers: {} }, ADDRESS, {}],
    ["the engine has the same address", ADDRESS, { engine: new URL("x:/a") }, ADDRESS, { engine: "x:/a" }],
    ["the engine is the same object", ADDRESS, { engine }, ADDRESS, { engine }],
    ["the platform is the same object", ADDRESS, { platform }, ADDRESS, { platform }],
    ["an option is left out or undefined", ADDRESS, { clock: undefined, catchUp: undefined }, ADDRESS, {}],
  ])("%s", (_name, address, options, otherAddress, otherOptions) => {
    expect(shareKey(address, options)).toBe(shareKey(otherAddress, otherOptions));
  });
});

describe("components do not share a session if", () => {
  it.each<[string, string | URL, ConnectOptions, string | URL, ConnectOptions]>([
    ["the addresses differ", ADDRESS, {}, `${ADDRESS}0`, {}],
    ["the queries differ", `${ADDRESS}?token=a`, {}, `${ADDRESS}?token=b`, {}],
    ["catchUp differs", ADDRESS, { catchUp: "all" }, ADDRESS, { catchUp: "latest" }],
    ["tokens differ", ADDRESS, { token: "tst_1" }, ADDRESS, { token: "tst_2" }],
    ["one has a token", ADDRESS, {}, ADDRESS, { token: "tst_1" }],
    ["headers differ", ADDRESS, { headers: { a: "1" } }, ADDRESS, { headers: { a: "2" } }],
    [
      "instances of Headers differ",
      ADDRESS,
      { headers: new Headers({ a: "1" }) as never },
      ADDRESS,
      { headers: new Headers({ a: "2" }) as never },
    ],
    ["headers swap their values", ADDRESS, { headers: { a: "b" } }, ADDRESS, { headers: { b: "a" } }],
    ["the engine is another object", ADDRESS, { engine }, ADDRESS, { engine: new Response() }],
    ["the engine is an object in one place only", ADDRESS, { engine }, ADDRESS, { engine: "1" }],
    ["the platform is another object", ADDRESS, { platform }, ADDRESS, { platform: { ...platform } }],
  ])("%s", (_name, address, options, otherAddress, otherOptions) => {
    expect(shareKey(address, options)).not.toBe(shareKey(otherAddress, otherOptions));
  });
});
