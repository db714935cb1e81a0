/** Plausible mistakes in the engine. The tests must detect each of them. */

export interface Fault {
  readonly name: string;
  /** A file of crates/engine/src. */
  readonly file: string;
  /** The correct code, which occurs once in the file. */
  readonly right: string;
  readonly wrong: string;
  /** The target on which the fault shows, unless it shows on any. */
  readonly only?: string;
}

const BIG_ENDIAN = "s390x-unknown-linux-gnu";
const BITS_32 = "i686-unknown-linux-gnu";

/** Floats in place of integers. */
const FLOATS: readonly Fault[] = [
  {
    name: "a step is computed in single precision",
    file: "segment.rs",
    right: "(self.step + passed / tick_ms, phase)",
    wrong: "(self.step + (passed as f32 / tick_ms as f32) as u64, phase)",
  },
  {
    name: "a bounded number is a scaled float, and no word is rejected",
    file: "uniform.rs",
    right: "let product = u64::from(words.word()) * u64::from(n.get());",
    wrong:
      "let product = ((f64::from(words.word()) / 4_294_967_296.0 * f64::from(n.get())) as u64) << 32 | 0xffff_ffff;",
  },
  {
    name: "the epoch length is computed in single precision",
    file: "rules.rs",
    right: "rounds + (rounds / 2) * (self.break_interval.min + self.break_interval.max)",
    wrong:
      "rounds + ((rounds / 2) as f32 * (self.break_interval.min + self.break_interval.max) as f32) as u32",
  },
  {
    name: "a unit is rounded to single precision",
    file: "draw.rs",
    right: "((high << 26) + low) as f64 / (1_u64 << 53) as f64",
    wrong: "f64::from(((high << 26) + low) as f32) / (1_u64 << 53) as f64",
  },
];

/** Integers that are too narrow, or as wide as the machine's pointers. */
const WIDTHS: readonly Fault[] = [
  {
    name: "a step is a usize",
    file: "segment.rs",
    right: "(self.step + passed / tick_ms, phase)",
    wrong: "(self.step + (passed / tick_ms) as usize as u64, phase)",
    only: BITS_32,
  },
  {
    name: "an epoch number is a usize",
    file: "epoch.rs",
    right: "step.position() / rules.epoch_length() as u64",
    wrong: "(step.position() / rules.epoch_length() as u64) as usize as u64",
    only: BITS_32,
  },
  {
    name: "the first position of an epoch is a usize",
    file: "epoch.rs",
    right: "start: number * u64::from(length)",
    wrong: "start: (number as usize).wrapping_mul(length as usize) as u64",
    only: BITS_32,
  },
  {
    name: "the first position of an epoch has 32 bits",
    file: "epoch.rs",
    right: "start: number * u64::from(length)",
    wrong: "start: u64::from((number as u32).wrapping_mul(length))",
  },
  {
    name: "a keystream block number has 32 bits",
    file: "keystream.rs",
    right: "u128::from(block) * u128::from(WORDS_PER_BLOCK)",
    wrong: "u128::from(block as u32) * u128::from(WORDS_PER_BLOCK)",
  },
  {
    name: "a nonce has 32 bits",
    file: "keystream.rs",
    right: "stream.set_stream(nonce)",
    wrong: "stream.set_stream(nonce & 0xffff_ffff)",
  },
];

/** Byte order. */
const BYTES: readonly Fault[] = [
  {
    name: "a channel's nonce is read big-endian",
    file: "draw.rs",
    right: "u64::from_le_bytes",
    wrong: "u64::from_be_bytes",
  },
  {
    name: "a channel's nonce is read in native byte order",
    file: "draw.rs",
    right: "u64::from_le_bytes",
    wrong: "u64::from_ne_bytes",
    only: BIG_ENDIAN,
  },
  {
    name: "an epoch secret is written big-endian",
    file: "keys.rs",
    right: "to_le_bytes",
    wrong: "to_be_bytes",
  },
  {
    name: "an epoch secret is written in native byte order",
    file: "keys.rs",
    right: "to_le_bytes",
    wrong: "to_ne_bytes",
    only: BIG_ENDIAN,
  },
];

/** Off-by-one mistakes. */
const BORDERS: readonly Fault[] = [
  {
    name: "the last position of an epoch belongs to the next one",
    file: "epoch.rs",
    right: "step.position() / rules.epoch_length() as u64",
    wrong: "(step.position() + 1) / rules.epoch_length() as u64",
  },
  {
    name: "the first position of an epoch belongs to the previous one",
    file: "epoch.rs",
    right: "step.position() / rules.epoch_length() as u64",
    wrong: "step.get() / rules.epoch_length() as u64",
  },
  {
    name: "the cached round is used one step too long",
    file: "epoch.rs",
    right: "offset >= self.borders[recent + 1]",
    wrong: "offset > self.borders[recent + 1]",
  },
  {
    name: "the cached round is used for earlier steps",
    file: "epoch.rs",
    right: "self.borders[recent] > offset || ",
    wrong: "",
  },
  {
    name: "a break found by search belongs to the previous round",
    file: "epoch.rs",
    right: "self.borders[middle as usize] <= offset",
    wrong: "self.borders[middle as usize] < offset",
  },
  {
    name: "the next break is one step late",
    file: "epoch.rs",
    right: "next_break: self.start + u64::from(to) - 1",
    wrong: "next_break: self.start + u64::from(to)",
  },
  {
    name: "the longest interval is never drawn",
    file: "epoch.rs",
    right: "NonZeroU32::MIN.saturating_add(max - min)",
    wrong: "NonZeroU32::MIN.saturating_add((max - min).saturating_sub(1))",
  },
  {
    name: "the last interval of an epoch is not shuffled",
    file: "epoch.rs",
    right: "shuffle(&mut words, used, rules.rounds_per_epoch())",
    wrong: "shuffle(&mut words, used, rules.rounds_per_epoch() - 1)",
  },
  {
    name: "the instant of the start counts as before the start",
    file: "schedule.rs",
    right: "(self.start_at() <= now).then",
    wrong: "(self.start_at() < now).then",
  },
  {
    name: "an instant is rounded to the nearest tick",
    file: "segment.rs",
    right: "(self.step + passed / tick_ms, phase)",
    wrong: "(self.step + (passed + tick_ms / 2) / tick_ms, phase)",
  },
  {
    name: "the instant of a change belongs to the segment before",
    file: "schedule.rs",
    right: "partition_point(|segment| segment.at() <= now)",
    wrong: "partition_point(|segment| segment.at() < now)",
  },
  {
    name: "a timeline leaves a segment 1 ms late",
    file: "schedule.rs",
    right: "is_none_or(|next| now < next.at())",
    wrong: "is_none_or(|next| now <= next.at())",
  },
  {
    name: "a step that a pause interrupts begins when the pause ends",
    file: "schedule.rs",
    right: "partition_point(|segment| segment.step() < step)",
    wrong: "partition_point(|segment| segment.step() <= step)",
  },
  {
    name: "a pause takes the rest of its tick away",
    file: "segment.rs",
    right: "return Ok(Self { at, step, phase, tick_ms, rate: self.rate });",
    wrong: "return Ok(Self { at, step, phase: 0, tick_ms, rate: self.rate });",
  },
  {
    name: "a new length of ticks may begin within a tick",
    file: "segment.rs",
    right: "if phase > 0 {",
    wrong: "if phase > self.rate {",
  },
  {
    name: "a list may have 257 changes",
    file: "schedule.rs",
    right: "pub const MAX_CHANGES: u16 = 256;",
    wrong: "pub const MAX_CHANGES: u16 = 257;",
  },
  {
    name: "the epoch of the very last round is out of range",
    file: "timeline.rs",
    right: "if number > Epoch::number_of(self.rules, Step::MAX)",
    wrong: "if number >= Epoch::number_of(self.rules, Step::MAX)",
  },
];

/** Biased randomness, or another use of its words. */
const CHANCE: readonly Fault[] = [
  {
    name: "no word is rejected, so small numbers are slightly more likely",
    file: "uniform.rs",
    right: "if low >= limit {",
    wrong: "if low >= limit || true {",
  },
  {
    name: "a bounded number is a remainder",
    file: "uniform.rs",
    right: "return high;",
    wrong: "return ((product / u64::from(n.get())) as u32) % n.get();",
  },
  {
    name: "one word too many is rejected",
    file: "uniform.rs",
    right: "if low >= limit {",
    wrong: "if low > limit {",
  },
  {
    name: "the rejection limit is that of 2^32 - 1 words",
    file: "uniform.rs",
    right: "n.get().wrapping_neg() % n",
    wrong: "u32::MAX % n",
  },
  {
    name: "a shuffle runs from the first item to the last",
    file: "uniform.rs",
    right: "(1..count).rev()",
    wrong: "(1..count)",
  },
  {
    name: "a shuffle never leaves an item in place",
    file: "uniform.rs",
    right: "NonZeroU32::MIN.saturating_add(last)",
    wrong: "NonZeroU32::MIN.saturating_add(last - 1)",
  },
  {
    name: "a shuffle also takes a word for the first item",
    file: "uniform.rs",
    right: "(1..count).rev()",
    wrong: "(0..count).rev()",
  },
  {
    name: "a unit takes its low bits first",
    file: "draw.rs",
    right: "((high << 26) + low)",
    wrong: "((low << 27) + high)",
  },
  {
    name: "the blocks of a draw overlap those of the next step",
    file: "draw.rs",
    right: "const BLOCK_STRIDE: u64 = 1 << 32;",
    wrong: "const BLOCK_STRIDE: u64 = 1;",
  },
  {
    name: "a channel can share the nonce of the intervals",
    file: "draw.rs",
    right: "const CHANNEL_BIT: u64 = 1 << 63;",
    wrong: "const CHANNEL_BIT: u64 = 0;",
  },
  {
    name: "ChaCha has 12 rounds instead of 8",
    file: "keystream.rs",
    right: "use rand_chacha::ChaCha8Rng;",
    wrong: "use rand_chacha::ChaCha12Rng as ChaCha8Rng;",
  },
];

/** Texts, caches and breaks. */
const REST: readonly Fault[] = [
  {
    name: "whitespace around a seed is ignored",
    file: "keys.rs",
    right: "seed.as_bytes()",
    wrong: "seed.as_bytes().trim_ascii()",
  },
  {
    name: "only the first 64 bytes of a seed are used",
    file: "keys.rs",
    right: "seed.as_bytes()",
    wrong: "&seed.as_bytes()[..seed.as_bytes().len().min(64)]",
  },
  {
    name: "the zero byte between a label and its text is missing",
    file: "keys.rs",
    right: "&[0], ",
    wrong: "",
  },
  {
    name: "a timeline never goes back to an earlier epoch",
    file: "timeline.rs",
    right: "if number != self.epoch.number()",
    wrong: "if number > self.epoch.number()",
  },
  {
    name: "the value 1 also counts as a break",
    file: "epoch.rs",
    right: "broken: value == 0",
    wrong: "broken: value <= 1",
  },
];

const FAULTS: readonly Fault[] = [...FLOATS, ...WIDTHS, ...BYTES, ...BORDERS, ...CHANCE, ...REST];

/** Returns the faults in a file, or with a text in their name. */
export function selectFaults(text: string): Fault[] {
  return FAULTS.filter(({ name, file }) => name.includes(text) || file === text);
}
