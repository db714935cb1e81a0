/** Takes back what a killed server has written and not synced, as unsynced.c has noted it. */
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

/** The length of the head of a record: five numbers of 8 bytes. */
const HEAD_BYTES = 40;

/** What a disk writes as a whole. */
const SECTOR_BYTES = 512;

/** Reads the records of a journal. The kill may have cut off the last one. */
function readRecords(bytes) {
  const records = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const [offset, lengthOfFile, isResize, before, after] = [0, 1, 2, 3, 4].map((field) => Number(bytes.readBigUInt64LE(at + 8 * field)));
    const [begin, middle, end] = [at + HEAD_BYTES, at + HEAD_BYTES + before, at + HEAD_BYTES + before + after];
    if (end > bytes.length) break;
    records.push({ offset, lengthOfFile, isResize: isResize === 1, before: bytes.subarray(begin, middle), after: bytes.subarray(middle, end) });
    at = end;
  }
  return records;
}

/** Cuts the bytes of a write into the sectors that they touch. */
function sectorsOf({ offset, after }) {
  const sectors = [];
  for (let at = 0; at < after.length; ) {
    const length = Math.min(SECTOR_BYTES - ((offset + at) % SECTOR_BYTES), after.length - at);
    sectors.push({ offset: offset + at, bytes: after.subarray(at, at + length) });
    at += length;
  }
  return sectors;
}

/**
 * Restores the file as it was at the last sync, and then writes again a random part of what followed: each sector with the probability
 * `kept`. Returns how many bytes were dropped.
 */
export function dropUnsynced(file, journal, kept) {
  let bytes;
  try {
    bytes = readFileSync(journal);
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
  const records = readRecords(bytes);
  const descriptor = openSync(file, "r+");
  let dropped = 0;
  for (const { offset, lengthOfFile, before } of records.toReversed()) {
    writeAll(descriptor, before, offset);
    ftruncateSync(descriptor, lengthOfFile);
  }
  for (const record of records) {
    if (record.isResize) {
      // A length is no sector: it survives as a whole or not at all.
      if (Math.random() < kept) ftruncateSync(descriptor, record.offset);
      continue;
    }
    for (const sector of sectorsOf(record)) {
      if (Math.random() < kept) writeAll(descriptor, sector.bytes, sector.offset);
      else dropped += sector.bytes.length;
    }
  }
  closeSync(descriptor);
  rmSync(journal);
  return dropped;
}

function writeAll(descriptor, bytes, offset) {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}
