/** The page's weight and work, as tools such as Lighthouse give them. scripts/report-page prints them. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

import { untilVerdict, visit } from "../browser/browser.js";
import { begun, stage } from "../browser/stage.js";

const on = stage();
const BUDGET_BYTES = 100_000;
const WATCHED_MS = 10_000;

test("the page is light", async () => {
  const { id } = await on.server.create(begun());
  const files = new Map<string, number>();
  const { page } = await visit(on.browser, `${on.server.address}/?session=${id}`, {}, async (opened) => {
    opened.context().on("response", async (response) => {
      const address = response.url();
      if (!address.includes("/v1/")) {
        files.set(
          address.replace(on.server.address, ""),
          gzipSync(await response.body(), { level: 9 }).length,
        );
      }
    });
    await opened.addInitScript(() => {
      const seen = window as unknown as {
        longTasks: number[];
        paints: Record<string, number>;
        shifts: number;
      };
      Object.assign(seen, { longTasks: [], paints: {}, shifts: 0 });
      const watch = (type: string, note: (entry: PerformanceEntry & { value?: number }) => void): void =>
        new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
      watch("longtask", ({ duration }) => void seen.longTasks.push(Math.round(duration)));
      watch("paint", ({ name, startTime }) => {
        seen.paints[name] = Math.round(startTime);
      });
      watch("largest-contentful-paint", ({ startTime }) => {
        seen.paints["largest-contentful-paint"] = Math.round(startTime);
      });
      watch("layout-shift", ({ value = 0 }) => {
        seen.shifts += value;
      });
    });
  });
  const devTools = await page.context().newCDPSession(page);
  await devTools.send("Performance.enable");
  await untilVerdict(page, "agree", 30_000);
  const usableMs = await page.evaluate(() => Math.round(performance.now()));
  const before = await metrics();
  await page.waitForTimeout(WATCHED_MS);
  const after = await metrics();
  const seen = await page.evaluate(() => {
    const { longTasks, paints, shifts } = window as unknown as {
      longTasks: number[];
      paints: Record<string, number>;
      shifts: number;
    };
    return { longTasks, paints, shifts };
  });
  const bytes = [...files.values()].reduce((sum, size) => sum + size, 0);
  const lines = [
    ...[...files].map(([name, size]) => `${String(size).padStart(7)} B  ${name}`),
    `${String(bytes).padStart(7)} B  in all, gzipped, of at most ${BUDGET_BYTES}`,
    `first paint ${seen.paints["first-contentful-paint"]} ms, largest ${seen.paints["largest-contentful-paint"]} ms, verdict after ${usableMs} ms`,
    `script ${share(before.ScriptDuration, after.ScriptDuration)}, layout ${share(before.LayoutDuration, after.LayoutDuration)}, all tasks ${share(before.TaskDuration, after.TaskDuration)} of the page's thread`,
    `long tasks: ${seen.longTasks.length} (${seen.longTasks.join(", ")} ms), layout shift ${seen.shifts.toFixed(4)}, heap ${((after.JSHeapUsedSize ?? 0) / 1e6).toFixed(1)} MB`,
    `lowest contrast of a text: light ${await lowestContrast("light")}, dark ${await lowestContrast("dark")} (AA asks for 4.5, and 3 for large text)`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(bytes).toBeLessThan(BUDGET_BYTES);

  async function metrics(): Promise<Readonly<Record<string, number>>> {
    const { metrics: all } = await devTools.send("Performance.getMetrics");
    return Object.fromEntries(all.map(({ name, value }) => [name, value]));
  }

  async function lowestContrast(colorScheme: "light" | "dark"): Promise<string> {
    await page.emulateMedia({ colorScheme });
    return page.evaluate(contrastOfTexts);
  }
});

function share(before = 0, after = 0): string {
  return `${(((after - before) * 1_000 * 100) / WATCHED_MS).toFixed(1)} %`;
}

/** Returns the lowest contrast of all texts with the backgrounds behind them. Runs in the page. */
function contrastOfTexts(): string {
  const parse = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r = 0, g = 0, b = 0]: number[]): number => {
    const [x, y, z] = [r, g, b].map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (x ?? 0) + 0.7152 * (y ?? 0) + 0.0722 * (z ?? 0);
  };
  const backgroundOf = (element: Element | null): number[] => {
    const colour = element === null ? [255, 255, 255] : parse(getComputedStyle(element).backgroundColor);
    return element !== null && colour[3] === 0 ? backgroundOf(element.parentElement) : colour;
  };
  let lowest = { ratio: 21, what: "" };
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.textContent?.trim() !== "",
    );
    const isDisabled = (element as HTMLButtonElement).disabled === true;
    if (hasText && !isDisabled && element.checkVisibility()) {
      const [one, other] = [
        luminance(parse(getComputedStyle(element).color)),
        luminance(backgroundOf(element)),
      ];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < lowest.ratio) {
        lowest = { ratio, what: element.className || element.tagName.toLowerCase() };
      }
    }
  }
  return `${lowest.ratio.toFixed(1)} (${lowest.what})`;
}
