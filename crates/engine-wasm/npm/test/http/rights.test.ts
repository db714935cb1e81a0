/** Control tokens and API keys against real servers that ask for them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  connect,
  createSession,
  getSession,
  pauseSession,
  resumeSession,
  setRate,
  stopSession,
  withdraw,
} from "../../src/index.js";
import { binary } from "../browser/prerequisites.js";
import { TestServer } from "../browser/server.js";

const folder = mkdtempSync(join(tmpdir(), "tickseed-keys-"));
const file = join(folder, "keys");

/** Makes an API key with the command of the server, and adds its line to the file. */
function newKey(name: string, rights: string): string {
  const output = execFileSync(binary(), ["key", "new", "--name", name, "--rights", rights], {
    encoding: "utf8",
  });
  const [, key = "", line = ""] = /^key: (\S+)\nline: (.+)\n$/.exec(output) ?? [];
  writeFileSync(file, `${line}\n`, { flag: "a" });
  return key;
}

const creator = newKey("game", "create");
const admin = newKey("tools", "control");
const keyed = new TestServer({ TICKSEED_ACCESS: "keys", TICKSEED_API_KEYS_FILE: file });
const tokens = new TestServer({ TICKSEED_ACCESS: "token" });

beforeAll(() => Promise.all([keyed.start(), tokens.start()]));
afterAll(async () => {
  await Promise.all([keyed.remove(), tokens.remove()]);
  rmSync(folder, { recursive: true });
});

/** A session that has started. */
const wish = () => ({ tickMs: 100, startAt: Date.now() - 10_000 });

describe("a server that asks for tokens", () => {
  it("lets only the host change a session, not others with its address", async () => {
    const { address, record, controlToken } = await createSession(tokens.address, wish());
    expect(controlToken).toMatch(/^tst_[0-9a-f]{32}$/);
    expect(await getSession(address)).toEqual(record);
    const host = await connect(address, { token: controlToken });
    const player = await connect(address);
    await expect(player.pause()).rejects.toMatchObject({ code: "credentials_required", status: 401 });
    await host.pause();
    expect(host.isPaused).toBe(true);
    await host.resume({ tickMs: 50 });
    await host.stop();
    await expect.poll(() => player.isStopped, { timeout: 20_000 }).toBe(true);
    host.close();
    player.close();
  });

  it("takes a token from every function", async () => {
    const { address, controlToken: token } = await createSession(tokens.address, wish());
    const other = (await createSession(tokens.address, wish())).controlToken;
    const foreign = pauseSession(address, { token: other });
    await expect(foreign).rejects.toMatchObject({ code: "right_missing", problem: { right: "control" } });
    await pauseSession(address, { token });
    await resumeSession(address, { token });
    await setRate(address, 50, { token, at: Date.now() + 60_000 });
    await withdraw(address, { token });
    expect(await stopSession(address, { token })).toMatchObject({ status: "stopped" });
  });
});

describe("a server that asks for keys", () => {
  it("creates sessions only for a key with that right", async () => {
    const without = createSession(keyed.address, wish());
    await expect(without).rejects.toMatchObject({ code: "credentials_required", mayPass: false });
    const unknown = createSession(keyed.address, wish(), { apiKey: "tsk_unknown" });
    await expect(unknown).rejects.toMatchObject({ code: "credentials_invalid" });
    const lacking = createSession(keyed.address, wish(), { apiKey: admin });
    await expect(lacking).rejects.toMatchObject({ code: "right_missing", problem: { right: "create" } });
    const { address, controlToken } = await createSession(keyed.address, wish(), { apiKey: creator });
    await expect(pauseSession(address, { token: creator })).rejects.toMatchObject({ code: "right_missing" });
    await pauseSession(address, { token: controlToken });
    await resumeSession(address, { token: admin });
  });
});
