/** Mistakes that somebody could make in the engine. Each has to be noticed. */

export interface Fault {
  readonly name: string;
  /** A file of crates/engine/src. */
  readonly file: string;
  /** What stands there, once. */
  readonly right: string;
  readonly wrong: string;
  /** The target that it shows on, unless it is every one. */
  readonly only?: string;
}

const BIG_ENDIAN = "s390x-unknown-linux-gnu";
const BITS_32 = "i686-unknown-linux-gnu";

/** Floats where integers belong. */
const FLOATS: readonly Fault[] = [
  {
    name: "a step is divided in single precision",
    file: "schedule.rs",
    right: "Step(elapsed / u64::from(self.tick_ms))",
    wrong: "Step((elapsed as f32 / self.tick_ms as f32) as u64)",
  },
  {
    name: "a bounded number is a fraction of a float, and no word is refused",
    file: "uniform.rs",
    right: "let product = u64::from(words.word()) * u64::from(n.get());",
    wrong:
      "let product = ((f64::from(words.word()) / 4_294_967_296.0 * f64::from(n.get())) as u64) << 32 | 0xffff_ffff;",
  },
  {
    name: "the length of an epoch is computed in single precision",
    file: "rules.rs",
    right: "rounds + (rounds / 2) * (self.break_interval.min + self.break_interval.max)",
    wrong:
      "rounds + ((rounds / 2) as f32 * (self.break_interval.min + self.break_interval.max) as f32) as u32",
  },
  {
    name: "a unit has the bits of single precision",
    file: "draw.rs",
    right: "((high << 26) + low) as f64 / (1_u64 << 53) as f64",
    wrong: "f64::from(((high << 26) + low) as f32) / (1_u64 << 53) as f64",
  },
];

/** Numbers as wide as the machine, which are 32 bits on some. */
const WIDTHS: readonly Fault[] = [
  {
    name: "a step as usize",
    file: "schedule.rs",
    right: "Step(elapsed / u64::from(self.tick_ms))",
    wrong: "Step((elapsed / u64::from(self.tick_ms)) as usize as u64)",
    only: BITS_32,
  },
  {
    name: "the number of an epoch as usize",
    file: "epoch.rs",
    right: "step.position() / rules.epoch_length() as u64",
    wrong: "(step.position() / rules.epoch_length() as u64) as usize as u64",
    only: BITS_32,
  },
  {
    name: "the first position of an epoch as usize",
    file: "epoch.rs",
    right: "start: number * u64::from(length)",
    wrong: "start: (number as usize).wrapping_mul(length as usize) as u64",
    only: BITS_32,
  },
  {
    name: "the first position of an epoch in 32 bits",
    file: "epoch.rs",
    right: "start: number * u64::from(length)",
    wrong: "start: u64::from((number as u32).wrapping_mul(length))",
  },
  {
    name: "a block of the keystream in 32 bits",
    file: "keystream.rs",
    right: "u128::from(block) * u128::from(WORDS_PER_BLOCK)",
    wrong: "u128::from(block as u32) * u128::from(WORDS_PER_BLOCK)",
  },
  {
    name: "a nonce in 32 bits",
    file: "keystream.rs",
    right: "stream.set_stream(nonce)",
    wrong: "stream.set_stream(nonce & 0xffff_ffff)",
  },
];

/** The order of bytes. */
const BYTES: readonly Fault[] = [
  {
    name: "a channel's number with the high byte first",
    file: "draw.rs",
    right: "u64::from_le_bytes",
    wrong: "u64::from_be_bytes",
  },
  {
    name: "a channel's number in the machine's order of bytes",
    file: "draw.rs",
    right: "u64::from_le_bytes",
    wrong: "u64::from_ne_bytes",
    only: BIG_ENDIAN,
  },
  {
    name: "an epoch's secret with the high bytes first",
    file: "keys.rs",
    right: "to_le_bytes",
    wrong: "to_be_bytes",
  },
  {
    name: "an epoch's secret in the machine's order of bytes",
    file: "keys.rs",
    right: "to_le_bytes",
    wrong: "to_ne_bytes",
    only: BIG_ENDIAN,
  },
];

/** One too many or too few. */
const BORDERS: readonly Fault[] = [
  {
    name: "the last position of an epoch counts to the next",
    file: "epoch.rs",
    right: "step.position() / rules.epoch_length() as u64",
    wrong: "(step.position() + 1) / rules.epoch_length() as u64",
  },
  {
    name: "the first position of an epoch counts to the one before",
    file: "epoch.rs",
    right: "step.position() / rules.epoch_length() as u64",
    wrong: "step.get() / rules.epoch_length() as u64",
  },
  {
    name: "the round found last is kept one step too long",
    file: "epoch.rs",
    right: "offset >= self.borders[recent + 1]",
    wrong: "offset > self.borders[recent + 1]",
  },
  {
    name: "the round found last is kept for steps before it",
    file: "epoch.rs",
    right: "self.borders[recent] > offset || ",
    wrong: "",
  },
  {
    name: "a break counts to the round before, if it is searched for",
    file: "epoch.rs",
    right: "self.borders[middle as usize] <= offset",
    wrong: "self.borders[middle as usize] < offset",
  },
  {
    name: "the next break one step late",
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
    name: "the instant of the start lies before the start",
    file: "schedule.rs",
    right: "u64::try_from(elapsed).ok()",
    wrong: "u64::try_from(elapsed).ok().filter(|elapsed| *elapsed > 0)",
  },
  {
    name: "an instant is rounded to the nearest tick",
    file: "schedule.rs",
    right: "Step(elapsed / u64::from(self.tick_ms))",
    wrong: "Step((elapsed + u64::from(self.tick_ms) / 2) / u64::from(self.tick_ms))",
  },
  {
    name: "the epoch of the last round of all is out of range",
    file: "timeline.rs",
    right: "if number > Epoch::number_of(self.rules, Step::MAX)",
    wrong: "if number >= Epoch::number_of(self.rules, Step::MAX)",
  },
];

/** Chance that is not even, or is spent otherwise. */
const CHANCE: readonly Fault[] = [
  {
    name: "no word is refused: small numbers are a little likelier",
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
    name: "a word is refused that need not be",
    file: "uniform.rs",
    right: "if low >= limit {",
    wrong: "if low > limit {",
  },
  {
    name: "the limit is that of 2^32 - 1 words",
    file: "uniform.rs",
    right: "n.get().wrapping_neg() % n",
    wrong: "u32::MAX % n",
  },
  {
    name: "items are shuffled from the first to the last",
    file: "uniform.rs",
    right: "(1..count).rev()",
    wrong: "(1..count)",
  },
  {
    name: "an item never stays where it is",
    file: "uniform.rs",
    right: "NonZeroU32::MIN.saturating_add(last)",
    wrong: "NonZeroU32::MIN.saturating_add(last - 1)",
  },
  {
    name: "a shuffle takes a word for the first item, too",
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
    name: "a draw's blocks lie too close together",
    file: "draw.rs",
    right: "const BLOCK_STRIDE: u64 = 1 << 32;",
    wrong: "const BLOCK_STRIDE: u64 = 1;",
  },
  {
    name: "channels are not kept apart from intervals",
    file: "draw.rs",
    right: "const CHANNEL_BIT: u64 = 1 << 63;",
    wrong: "const CHANNEL_BIT: u64 = 0;",
  },
  {
    name: "12 rounds of ChaCha instead of 8",
    file: "keystream.rs",
    right: "use rand_chacha::ChaCha8Rng;",
    wrong: "use rand_chacha::ChaCha12Rng as ChaCha8Rng;",
  },
];

/** Texts and what is kept. */
const REST: readonly Fault[] = [
  {
    name: "spaces around a seed do not count",
    file: "keys.rs",
    right: "seed.as_bytes()",
    wrong: "seed.as_bytes().trim_ascii()",
  },
  {
    name: "only the first 64 bytes of a seed count",
    file: "keys.rs",
    right: "seed.as_bytes()",
    wrong: "&seed.as_bytes()[..seed.as_bytes().len().min(64)]",
  },
  {
    name: "no zero byte between a label and its text",
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
    name: "a break is what has the value 1, too",
    file: "epoch.rs",
    right: "broken: value == 0",
    wrong: "broken: value <= 1",
  },
];

const FAULTS: readonly Fault[] = [...FLOATS, ...WIDTHS, ...BYTES, ...BORDERS, ...CHANCE, ...REST];

/** The faults of a file, or with a text in their name. */
export function choose(text: string): Fault[] {
  return FAULTS.filter(({ name, file }) => name.includes(text) || file === text);
}
