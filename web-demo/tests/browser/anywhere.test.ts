/** The timeline, the checks that need no page, and the page on other hosts. */
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { binary } from "../../../crates/engine-wasm/npm/test/browser/prerequisites.js";
import { until } from "../../../crates/engine-wasm/npm/test/browser/until.js";
import { look, untilVerdict, visit } from "./browser.js";
import { begun, stage } from "./stage.js";

const on = stage();
const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

test("every jump costs microseconds, and the server says the same about that moment", async () => {
  const { id } = await on.server.create(begun());
  const { page, complaints } = await visit(on.browser, `${on.server.address}/?session=${id}&players=1`);
  await untilVerdict(page, "agree");
  let before = Number.NaN;
  for (const jump of ["minute", "hour", "year", "new-year", "2500"]) {
    await page.click(`[data-jump="${jump}"]`);
    const { instant, step, value } = await until("the moment", async () => {
      const pressed = await page.getAttribute('[data-jump="now"]', "aria-pressed");
      const shown = await readout(page);
      return pressed === "false" && shown.instant !== before && shown;
    });
    before = instant;
    expect(await on.server.stateAt(id, instant), jump).toMatchObject({ step, value });
    expect(await page.textContent(".readout-cost"), jump).toMatch(
      /^Computed here in [\d.]+ (µs|ms), from the seed/,
    );
    await page.click("#ask-instant");
    await until(
      "the server's word",
      async () => (await page.getAttribute(".readout-check", "data-same")) === "true",
    );
  }
  await page.fill("#any", "2031-05-06T07:08:09");
  await page.press("#any", "Enter");
  expect((await readout(page)).instant).toBe(
    await page.evaluate(() => new Date("2031-05-06T07:08:09").getTime()),
  );
  await page.click('[data-jump="now"]');
  await untilPresent(page);
  expect(complaints).toEqual([]);
});

test("the timeline moves by dragging, by the wheel and by keys", async () => {
  const { id } = await on.server.create(begun());
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&players=1`);
  await untilVerdict(page, "agree");
  const canvas = page.locator("#timeline");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (box === null) {
    throw new Error("there is no timeline");
  }
  const { instant: before } = await readout(page);
  await page.mouse.move(box.x + 300, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(box.x + 600, box.y + 80, { steps: 3 });
  await page.mouse.up();
  const dragged = await until("an earlier moment", async () => {
    const { instant } = await readout(page);
    return instant < before - 3_000 && instant;
  });
  await page.mouse.wheel(400, 0);
  await until("a later moment", async () => (await readout(page)).instant > dragged);
  const wheeled = (await readout(page)).instant;
  await canvas.press("ArrowRight");
  await until("a still later moment", async () => (await readout(page)).instant > wheeled);
  const width = await canvas.getAttribute("aria-label");
  await canvas.press("-");
  await until("a wider view", async () => (await canvas.getAttribute("aria-label")) !== width);
  await canvas.press("Home");
  await until(
    "the present",
    async () => (await page.getAttribute('[data-jump="now"]', "aria-pressed")) === "true",
  );
});

test("both command lines give the state on the screen", async () => {
  const { id } = await on.server.create({ ...begun(), seed: "it's new" });
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}&players=1`);
  await untilVerdict(page, "agree");
  await page.click("#hold");
  const shown = await page.$eval(".check", ({ dataset }) => ({
    step: Number(dataset.step),
    value: Number(dataset.value),
  }));
  const command = (await page.textContent("#tickseed-command")) ?? "";
  const computed = JSON.parse(shell(command.replace(/^tickseed /, `'${binary()}' `)));
  expect(computed).toMatchObject(shown);
  expect(JSON.parse(shell((await page.textContent("#curl-command")) ?? ""))).toMatchObject(shown);
  expect(JSON.parse((await page.textContent("#handout pre")) ?? "")).toMatchObject({ id, seed: "it's new" });
});

test("the link and the QR code lead to the same session", async () => {
  const { page, complaints } = await visit(on.browser, on.server.address);
  await untilVerdict(page, "agree");
  const link = await page.inputValue("#link");
  expect(new URL(link).searchParams.get("session")).toBe(new URL(page.url()).searchParams.get("session"));
  await page.click("#copy");
  await until("the link to be copied", async () => (await page.textContent("#copy"))?.startsWith("Copied"));
  await page.click(".qr summary");
  await until("the code", () => page.isVisible(".qr svg path"));
  expect(complaints).toEqual([]);
});

test("any static host can serve the page, from any folder", async () => {
  const host = createServer(async (request, response) => {
    const name = (request.url ?? "").replace(/\?.*/, "").replace(/^\/some\/folder\//, "") || "index.html";
    const content = await readFile(resolve(DIST, name)).catch(() => undefined);
    response.writeHead(content === undefined ? 404 : 200, {
      "content-type": TYPES[extname(name)] ?? "text/plain",
    });
    response.end(content);
  });
  await new Promise<void>((listening) => host.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${(host.address() as AddressInfo).port}/some/folder/`;
  try {
    const { page, complaints } = await visit(on.browser, `${address}?api=${on.server.address}`);
    await untilVerdict(page, "agree");
    const link = await page.inputValue("#link");
    expect(link.startsWith(address)).toBe(true);
    expect(new URL(link).searchParams.get("api")).toBe(on.server.address);
    expect((await look(page)).verdict.differences).toBe(0);
    expect(complaints).toEqual([]);
  } finally {
    host.closeAllConnections();
    host.close();
  }
});

function untilPresent(page: Page): Promise<unknown> {
  return until(
    "the present",
    async () => (await page.getAttribute('[data-jump="now"]', "aria-pressed")) === "true",
  );
}

function shell(command: string): string {
  return execFileSync("sh", ["-c", command], { encoding: "utf8" });
}

function readout(page: Page): Promise<Record<"instant" | "step" | "value", number>> {
  return page.$eval(".readout", ({ dataset }) => ({
    instant: Number((dataset as DOMStringMap).instant),
    step: Number((dataset as DOMStringMap).step),
    value: Number((dataset as DOMStringMap).value),
  }));
}
