/** Command lines that compute the state on the screen without this page. */
import type { SessionRecord } from "tickseed";

/** Returns the command that computes the state of an instant without any server. */
export function tickseedCommand(record: SessionRecord, instant: number): string {
  const { seed, start_at, tick_ms, rules, schedule, stopped_at } = record;
  const { min, max } = rules.break_interval;
  const stop = stopped_at == null ? Number.POSITIVE_INFINITY : Date.parse(stopped_at);
  const changes = schedule
    .filter(({ at }) => Date.parse(at) < stop)
    .map((change) => {
      const what = "tick_ms" in change ? change.tick_ms : "paused";
      return `--change ${change.at}=${what}`;
    });
  // From a stop on, everything stays as it is at the stop.
  const at = new Date(Math.min(instant, stop)).toISOString();
  return [
    `tickseed state --seed ${quoted(seed)}`,
    `--start-at ${start_at}`,
    `--tick-ms ${tick_ms}`,
    `--min ${min} --max ${max}`,
    `--rounds-per-epoch ${rules.rounds_per_epoch}`,
    ...changes,
    `--at ${at}`,
  ].join(" \\\n  ");
}

/** Returns the command that asks the server for the same. */
export function curlCommand(address: string, instant: number): string {
  return `curl -s ${quoted(`${address}/state?at=${new Date(instant).toISOString()}`)}`;
}

/** Quotes a text for a shell. */
export function quoted(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
