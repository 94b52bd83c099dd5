// Protocol buffers (proto3) in their one canonical form, driven by small tables: fields in order of number, each
// at most once, no default written out, shortest numbers, nothing unknown, nothing after the end. A writer and a
// strict reader; which messages there are is in objects.ts.
import { compare, fromUtf8, join, Refused, utf8, type Bytes } from './bytes';

/** What stands behind a tag: a number (wire type 0) or a run of bytes (wire type 2). */
type Raw = bigint | Bytes;

/** One sort of value. Both ways check it, so that nothing wrong is written either; `null`: it has no default. */
export interface Kind<T> {
  readonly zero: Raw | null;
  raw(value: T, field: string): Raw;
  value(raw: Raw, field: string): T;
}

/** A place in a message. `write` and `read` see all that stands there: nothing, one or several. */
export interface Field<T> {
  readonly numbers: readonly number[];
  write(value: T, name: string): [number, Raw][];
  read(found: [number, Raw][], name: string): T;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type In<F> = F extends Field<infer T> ? T : never;
export type Shape<F> = { readonly [K in keyof F]: In<F[K]> };
export type Of<M> = M extends Message<infer T> ? T : never;

export interface Message<T> extends Kind<T> {
  encode(value: T): Bytes;
  decode(bytes: Bytes): T;
}

/** Fields in order of number. `check` names the field that does not go with the others. */
export function message<F extends Fields>(fields: F, check?: (value: Shape<F>) => string | false): Message<Shape<F>> {
  const entries = Object.entries(fields);
  const known = new Set(entries.flatMap(([, field]) => field.numbers));
  const sound = (value: Shape<F>) => {
    const wrong = check?.(value);
    if (wrong) throw new Refused('Bad', wrong);
    return value;
  };
  const encode = (value: Shape<F>) => {
    sound(value);
    const raws = entries.flatMap(([name, field]) => field.write(value[name as keyof F], name));
    return join(...raws.map(([number, raw]) => tagged(number, raw)));
  };
  const decode = (bytes: Bytes) => {
    const raws = split(bytes);
    if (raws.some(([number]) => !known.has(number))) throw new Refused('NotCanonical', 'unknown field');
    const read = entries.map(([name, field]) => [name, field.read(raws.filter(([n]) => field.numbers.includes(n)), name)]);
    return sound(Object.fromEntries(read) as Shape<F>);
  };
  return { zero: null, encode, decode, raw: encode, value: (raw, field) => decode(run(raw, field)) };
}

// ---- fields

export function one<T>(number: number, kind: Kind<T>): Field<T> {
  return {
    numbers: [number],
    write(value, name) {
      const raw = kind.raw(value, name);
      return isZero(raw, kind) ? [] : [[number, raw]];
    },
    read(found, name) {
      const raw = single(found, name) ?? kind.zero;
      if (raw === null) throw new Refused('Bad', name);
      if (found.length > 0 && isZero(raw, kind)) throw new Refused('NotCanonical', name);
      return kind.value(raw, name);
    },
  };
}

/** A message that may be missing. */
export function maybe<T>(number: number, kind: Message<T>): Field<T | null> {
  return {
    numbers: [number],
    write: (value, name) => (value === null ? [] : [[number, kind.raw(value, name)]]),
    read(found, name) {
      const raw = single(found, name);
      return raw === null ? null : kind.value(raw, name);
    },
  };
}

export interface ListRules<T> {
  least?: number;
  most: number;
  /** For lists that are sets: what strictly increases from one to the next. */
  by?: (item: T) => Bytes;
}

export function list<T>(number: number, kind: Kind<T>, rules: ListRules<T>): Field<readonly T[]> {
  return {
    numbers: [number],
    write: (items, name) => counted(items, rules, name).map((item) => [number, kind.raw(item, name)]),
    read: (found, name) => counted(found.map(([, raw]) => kind.value(raw, name)), rules, name),
  };
}

/** Numbers packed into one run, as proto3 does; strictly increasing. */
export function packed(number: number, kind: Kind<number>, rules: ListRules<number>): Field<readonly number[]> {
  const check = (items: readonly number[], name: string) => {
    if (items.some((item, at) => at > 0 && item <= items[at - 1]!)) throw new Refused('Bad', name);
    return counted(items, rules, name);
  };
  return {
    numbers: [number],
    write(items, name) {
      const numbers = check(items, name).map((item) => varint(kind.raw(item, name) as bigint));
      return numbers.length === 0 ? [] : [[number, join(...numbers)]];
    },
    read(found, name) {
      const bytes = single(found, name) ?? new Uint8Array();
      // Also numbers one by one, which other readers of protocol buffers take.
      if (typeof bytes === 'bigint' || (found.length > 0 && bytes.length === 0)) throw new Refused('NotCanonical', name);
      const reader = new Reader(bytes);
      const items: number[] = [];
      while (!reader.done) items.push(kind.value(reader.varint(), name));
      return check(items, name);
    },
  };
}

type Choice<C> = { [K in keyof C]: { readonly [P in K]: C[K] extends [number, Kind<infer T>] ? T : never } }[keyof C];

/** Exactly one of several; the one that is there is written even when it is its default. */
export function oneOf<C extends Readonly<Record<string, [number, Kind<unknown>]>>>(choices: C): Field<Choice<C>> {
  const all = Object.entries(choices);
  return {
    numbers: all.map(([, [number]]) => number),
    write(value, name) {
      const [chosen, ...more] = Object.entries(value as object);
      const [, [number, kind]] = all.find(([key]) => key === chosen?.[0]) ?? refuse(name);
      return more.length > 0 ? refuse(name) : [[number, kind.raw(chosen![1], chosen![0])]];
    },
    read(found, name) {
      const raw = single(found, name) ?? refuse(name);
      const [key, [, kind]] = all.find(([, [number]]) => number === found[0]![0])!;
      return { [key]: kind.value(raw, key) } as Choice<C>;
    },
  };
}

// ---- kinds

export const u64 = (least = 0n): Kind<bigint> => integer(least, 2n ** 64n - 1n);

/** Zigzag, as proto3's sint64. */
export const s64: Kind<bigint> = zigzag(64n);

export const u32 = (least = 0, most = 2 ** 32 - 1): Kind<number> => small(u64(), least, most);

export const s32 = (least: number, most: number): Kind<number> => small(zigzag(32n), least, most);

function small(wide: Kind<bigint>, least: number, most: number): Kind<number> {
  const within = (value: number, field: string) =>
    Number.isSafeInteger(value) && value >= least && value <= most ? value : refuse(field);
  return {
    zero: 0n,
    raw: (value, field) => wide.raw(BigInt(within(value, field)), field),
    value: (raw, field) => within(Number(wide.value(raw, field)), field),
  };
}

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
    value(raw, field) {
      try {
        return plain(fromUtf8(inner.value(raw, field) as Bytes), field);
      } catch (failure) {
        throw failure instanceof Refused ? failure : new Refused('NotProtobuf', field);
      }
    },
  };
}

function integer(least: bigint, most: bigint): Kind<bigint> {
  const within = (value: Raw, field: string) => {
    if (typeof value !== 'bigint') throw new Refused('NotProtobuf', field);
    return value >= least && value <= most ? value : refuse(field);
  };
  return { zero: 0n, raw: within, value: within };
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

// ---- bytes

function split(bytes: Bytes): [number, Raw][] {
  const reader = new Reader(bytes);
  const raws: [number, Raw][] = [];
  let last = 0;
  while (!reader.done) {
    const tag = reader.varint();
    const number = Number(tag >> 3n);
    if (number < last || number === 0) throw new Refused(number === 0 ? 'NotProtobuf' : 'NotCanonical', 'order');
    last = number;
    const wire = tag & 7n;
    if (wire !== 0n && wire !== 2n) throw new Refused('NotProtobuf', 'wire type');
    raws.push([number, wire === 0n ? reader.varint() : reader.run()]);
  }
  return raws;
}

class Reader {
  private at = 0;
  constructor(private readonly bytes: Bytes) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte > 0x7f) continue;
      if (byte === 0 && shift > 0n) throw new Refused('NotCanonical', 'number');
      if (value < 2n ** 64n) return value;
      break;
    }
    throw new Refused('NotProtobuf', 'number');
  }

  run(): Bytes {
    const length = this.varint();
    const from = this.at;
    if (length > BigInt(this.bytes.length - from)) throw new Refused('NotProtobuf', 'length');
    this.at += Number(length);
    return this.bytes.slice(from, this.at);
  }
}

function tagged(number: number, raw: Raw): Bytes {
  const tag = BigInt(number) << 3n;
  return typeof raw === 'bigint' ? join(varint(tag), varint(raw)) : join(varint(tag | 2n), varint(BigInt(raw.length)), raw);
}

function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(value)]);
}

// ---- checks

function single(found: [number, Raw][], name: string): Raw | null {
  if (found.length > 1) throw new Refused('NotCanonical', name);
  return found[0]?.[1] ?? null;
}

function isZero(raw: Raw, kind: Kind<unknown>): boolean {
  return kind.zero !== null && (typeof raw === 'bigint' ? raw === 0n : raw.length === 0);
}

function counted<T>(items: readonly T[], { least = 0, most, by }: ListRules<T>, name: string): readonly T[] {
  const ordered = !by || items.every((item, at) => at === 0 || compare(by(items[at - 1]!), by(item)) < 0);
  return ordered && items.length >= least && items.length <= most ? items : refuse(name);
}

function run(raw: Raw, field: string): Bytes {
  if (typeof raw === 'bigint') throw new Refused('NotProtobuf', field);
  return raw;
}

function refuse(field: string): never {
  throw new Refused('Bad', field);
}
