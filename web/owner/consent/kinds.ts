// The sorts of values that stand in consent's messages, each within its bounds: numbers, yes or no, words, bytes, text.
// How they become fields of a message is in proto.ts.
import { fromUtf8, Refused, utf8, type Bytes } from './bytes';
import { refuse, run, type Kind, type Raw } from './proto';

export const u64 = (least = 0n): Kind<bigint> => integer(least, 2n ** 64n - 1n);

/** Zigzag, as proto3's sint64. */
export const s64: Kind<bigint> = zigzag(64n);

export const u32 = (least = 0, most = 2 ** 32 - 1): Kind<number> => small(u64(), least, most);

export const s32 = (least: number, most: number): Kind<number> => small(zigzag(32n), least, most);

const bit = u32(0, 1);
export const bool: Kind<boolean> = {
  zero: 0n,
  raw: (value, field) => bit.raw(Number(value), field),
  value: (raw, field) => bit.value(raw, field) === 1,
};

/** The names of an enum from 1 on: 0, "unspecified", is never said. */
export function word<W extends string>(...words: W[]): Kind<W> {
  const number = u32(1, words.length);
  return {
    zero: 0n,
    raw: (value, field) => number.raw(words.indexOf(value) + 1, field),
    value: (raw, field) => words[number.value(raw, field) - 1]!,
  };
}

export function bytes(least: number, most = least): Kind<Bytes> {
  const fits = (value: Bytes, field: string) => (value.length >= least && value.length <= most ? value : refuse(field));
  return { zero: new Uint8Array(), raw: fits, value: (raw, field) => fits(run(raw, field), field) };
}

/** So many bytes of UTF-8 without control characters; a line may break. */
export function text(least: number, most: number): Kind<string> {
  const inner = bytes(least, most);
  const plain = (value: string, field: string) => (/[^\P{Cc}\n]|\p{Cs}/u.test(value) ? refuse(field) : value);
  return {
    zero: inner.zero,
    raw: (value, field) => inner.raw(utf8(plain(value, field)), field),
    value: (raw, field) => plain(decoded(inner.value(raw, field), field), field),
  };
}

function decoded(bytes: Bytes, field: string): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new Refused('NotProtobuf', field);
  }
}

function integer(least: bigint, most: bigint): Kind<bigint> {
  const within = (value: Raw, field: string) => {
    if (typeof value !== 'bigint') throw new Refused('NotProtobuf', field);
    return value >= least && value <= most ? value : refuse(field);
  };
  return { zero: 0n, raw: within, value: within };
}

function small(wide: Kind<bigint>, least: number, most: number): Kind<number> {
  const within = (value: number, field: string) =>
    Number.isSafeInteger(value) && value >= least && value <= most ? value : refuse(field);
  return {
    zero: 0n,
    raw: (value, field) => wide.raw(BigInt(within(value, field)), field),
    value: (raw, field) => within(Number(wide.value(raw, field)), field),
  };
}

function zigzag(bits: bigint): Kind<bigint> {
  const plain = integer(0n, 2n ** bits - 1n);
  return {
    zero: 0n,
    raw: (value, field) => plain.raw(value < 0n ? -2n * value - 1n : 2n * value, field),
    value(raw, field) {
      const folded = plain.value(raw, field);
      return folded & 1n ? -(folded >> 1n) - 1n : folded >> 1n;
    },
  };
}
