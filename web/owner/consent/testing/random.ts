// Made-up consent objects for tests, from a seed, so that a failure can be run again. Every object is sound.
import { compare, hex, utf8, type Bytes } from '../bytes';
import type { Place, Policy, Rights, Rule } from '../objects';

/** Mulberry32: small, and the same everywhere. */
export class Random {
  constructor(private state: number) {}

  below(end: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  chance(): boolean {
    return this.below(2) === 1;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  u64(): bigint {
    return this.pick([1n, 2n, 127n, 128n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 64n - 1n]);
  }

  set(most: number, below: number, least = 1): number[] {
    const size = least + this.below(most - least + 1);
    return [...new Set(Array.from({ length: size }, () => 1 + this.below(below)))].sort((a, b) => a - b);
  }

  rights(): Rights {
    const [preRoll, audio, ptz, record, forward] = Array.from({ length: 5 }, () => this.chance());
    return { live: true, preRoll: preRoll!, audio: audio!, ptz: ptz!, record: record!, forward: forward! };
  }

  place(): Place {
    return { latE7: this.below(1_800_000_001) - 900_000_000, lonE7: this.below(2) === 0 ? 0 : this.below(3_600_000_001) - 1_800_000_000 };
  }

  word(): string {
    return this.pick(['Springfield PD', 'a, b', 'x and y', '“q”', 'camera 1', 'agency', 'till', 'Till', 'º', 'Bar & Grill', 'a\nb', 'only', 'z\u200b', 'a\\u{62}', '🚓', 'it’s me']);
  }
}

const KINDS = ['gunshot', 'glassBreak', 'fire', 'glass break', 'glass-break', 'a or b', '“x” or fire', 'panel fires anywhere: x', 'é', 'new\nline'];

export function policy(random: Random): Policy {
  const agencies = sorted(Array.from({ length: 1 + random.below(3) }, () => ({ id: random.bytes(32), name: random.word() })), ({ id }) => id);
  const version = random.u64();
  const ids = random.set(4, 9, 0);
  return {
    device: random.bytes(32),
    epoch: random.u64(),
    version,
    previous: version === 1n ? new Uint8Array() : random.bytes(32),
    place: random.place(),
    agencies,
    rules: ids.map((id) => ({ ...rule(random), id, agency: random.pick(agencies).id })),
    alertsUntilMs: random.pick([0n, -1n, 1_795_183_380_000n, 1_795_183_380_001n, 1_795_183_381_000n, -(2n ** 63n), 2n ** 63n - 1n]),
  };
}

export function rule(random: Random): Rule {
  const trigger = random.pick(['press', 'alert', 'standing'] as const);
  const rights = random.rights();
  const plain: Rule = {
    id: random.pick([0, 1, 2, 4_294_967_294]),
    trigger,
    alertKinds: [],
    cameras: random.set(5, random.pick([4, 65_535])),
    agency: random.bytes(32),
    rights,
    longestSecs: 1 + random.below(random.pick([60, 3_600, 86_400])),
    preRollSecs: rights.preRoll ? random.below(61) : 0,
    answer: 'opens',
    perDay: 0,
    cooldownSecs: 0,
    quiet: null,
    withinMetres: 0,
  };
  if (trigger !== 'alert') return plain;
  return {
    ...plain,
    alertKinds: sorted([...new Set(Array.from({ length: 1 + random.below(4) }, () => random.pick(KINDS)))], utf8),
    answer: random.pick(['opens', 'asks']),
    perDay: random.below(4),
    cooldownSecs: random.pick([0, 1, 60, 5_400, 2 ** 32 - 1]),
    quiet: random.chance() ? { fromMinute: random.below(1_440), toMinute: random.below(1_440) } : null,
    withinMetres: random.pick([0, 1, 300, 2 ** 32 - 1]),
  };
}

export function sorted<T>(items: T[], by: (item: T) => Bytes): T[] {
  return items.sort((a, b) => compare(by(a), by(b)));
}

/** Names for some cameras, some of them awkward. */
export function cameraNames(random: Random): Map<string, string> {
  return new Map(random.set(6, 6).map((number) => [String(number), random.word()]));
}

export const show = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part instanceof Uint8Array ? hex(part as Bytes) : part), 1);
