// Protocol buffers (proto3) in their one canonical form, driven by small tables of fields. Strict by one rule: what
// was read must be written again as the very same bytes. So fields are in order, none comes twice, none is unknown,
// no default is written out, and numbers are as short as can be. Sorts of values are in kinds.ts, messages in objects.ts.
import { compare, join, Refused, same, type Bytes } from './bytes';

/** What stands behind a tag: a number (wire type 0) or a run of bytes (wire type 2). */
export type Raw = bigint | Bytes;

/** One sort of value. What is wrong is refused when it is written; so nothing wrong is read either. `zero` is its default, if it has one. */
export interface Kind<T> {
  readonly zero: Raw | null;
  raw(value: T, field: string): Raw;
  value(raw: Raw, field: string): T;
}

/** A place in a message. `write` gives, and `read` gets, all that stands there: nothing, one or several. */
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
  const encode = (value: Shape<F>) => {
    const wrong = check?.(value);
    if (wrong) return refuse(wrong);
    const raws = entries.flatMap(([name, field]) => field.write(value[name as keyof F], name));
    return join(...raws.map(([number, raw]) => tagged(number, raw)));
  };
  const read = (bytes: Bytes) => {
    const raws = split(bytes);
    const values = entries.map(([name, field]) => [name, field.read(raws.filter(([number]) => field.numbers.includes(number)), name)]);
    return Object.fromEntries(values) as Shape<F>;
  };
  const decode = (bytes: Bytes) => {
    const value = read(bytes);
    if (!same(encode(value), bytes)) throw new Refused('NotCanonical');
    return value;
  };
  return { zero: null, encode, decode, raw: encode, value: (raw, field) => read(run(raw, field)) };
}

// ---- fields

export function one<T>(number: number, kind: Kind<T>): Field<T> {
  return {
    numbers: [number],
    write(value, name) {
      const raw = kind.raw(value, name);
      return isZero(raw, kind) ? [] : [[number, raw]];
    },
    read: (found, name) => kind.value(found.at(-1)?.[1] ?? kind.zero ?? refuse(name), name),
  };
}

/** A message that may be missing. */
export function maybe<T>(number: number, kind: Message<T>): Field<T | null> {
  return {
    numbers: [number],
    write: (value, name) => (value === null ? [] : [[number, kind.raw(value, name)]]),
    read: (found, name) => (found.length > 0 ? kind.value(found.at(-1)![1], name) : null),
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
  const check = (items: readonly number[], name: string) =>
    items.some((item, at) => at > 0 && item <= items[at - 1]!) ? refuse(name) : counted(items, rules, name);
  return {
    numbers: [number],
    write(items, name) {
      const numbers = join(...check(items, name).map((item) => varint(kind.raw(item, name) as bigint)));
      return numbers.length === 0 ? [] : [[number, numbers]];
    },
    read: (found, name) => check(found.flatMap(([, raw]) => unpack(raw)).map((raw) => kind.value(raw, name)), name),
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
      const [number, raw] = found.at(-1) ?? refuse(name);
      const [key, [, kind]] = all.find(([, choice]) => choice[0] === number)!;
      return { [key]: kind.value(raw, key) } as Choice<C>;
    },
  };
}

function counted<T>(items: readonly T[], { least = 0, most, by }: ListRules<T>, name: string): readonly T[] {
  const ordered = !by || items.every((item, at) => at === 0 || compare(by(items[at - 1]!), by(item)) < 0);
  return ordered && items.length >= least && items.length <= most ? items : refuse(name);
}

function isZero(raw: Raw, { zero }: Kind<unknown>): boolean {
  return zero !== null && (typeof raw === 'bigint' ? raw === 0n : raw.length === 0);
}

// ---- bytes

function split(bytes: Bytes): [number, Raw][] {
  const reader = new Reader(bytes);
  const raws: [number, Raw][] = [];
  while (!reader.done) {
    const tag = reader.varint();
    const wire = tag & 7n;
    if (tag < 8n || (wire !== 0n && wire !== 2n)) throw new Refused('NotProtobuf', 'tag');
    raws.push([Number(tag >> 3n), wire === 0n ? reader.varint() : reader.run()]);
  }
  return raws;
}

/** Readers of protocol buffers take lists of numbers also one by one; only the packed ones come back as written. */
function unpack(raw: Raw): Raw[] {
  if (typeof raw === 'bigint') return [raw];
  const reader = new Reader(raw);
  const numbers: bigint[] = [];
  while (!reader.done) numbers.push(reader.varint());
  return numbers;
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
      const byte = this.bytes[this.at++] ?? 0x80;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80 && value < 2n ** 64n) return value;
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

/** The bytes behind a tag that must be bytes. */
export function run(raw: Raw, field: string): Bytes {
  if (typeof raw === 'bigint') throw new Refused('NotProtobuf', field);
  return raw;
}

export function refuse(field: string): never {
  throw new Refused('Bad', field);
}
