// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { hex, Refused, unhex, utf8 } from './bytes';
import { bool, bytes, s32, s64, text, u32, u64, word } from './kinds';
import { list, maybe, message, one, oneOf, packed } from './proto';

const inner = message({ number: one(1, u32()) });
const all = message({
  count: one(1, u64()),
  shift: one(2, s64),
  on: one(3, bool),
  sort: one(4, word('first', 'second')),
  name: one(5, text(0, 5)),
  key: one(6, bytes(0, 2)),
  part: maybe(7, inner),
  numbers: packed(8, u32(1, 300), { most: 3 }),
  words: list(9, text(1, 5), { most: 2, by: utf8 }),
  choice: oneOf({ yes: [10, bool], number: [11, u32()], part: [12, inner] }),
  south: one(13, s32(-5, 5)),
});
const empty = {
  count: 0n, shift: 0n, on: false, sort: 'first', name: '', key: new Uint8Array(), part: null, numbers: [], words: [], choice: { yes: false }, south: 0,
} as const;

/** Bytes written out by hand from the encoding's specification. */
const spelled: [string, Parameters<typeof all.encode>[0], string][] = [
  ['defaults are left out, but a choice is always there', empty, '2001 5000'],
  ['shortest numbers', { ...empty, count: 300n }, '08ac02 2001 5000'],
  ['the largest number', { ...empty, count: 2n ** 64n - 1n }, '08ffffffffffffffffff01 2001 5000'],
  ['zigzag', { ...empty, shift: -1n }, '1001 2001 5000'],
  ['the smallest number', { ...empty, shift: -(2n ** 63n) }, '10ffffffffffffffffff01 2001 5000'],
  ['text', { ...empty, name: 'é\ufeff' }, '2001 2a05c3a9efbbbf 5000'],
  ['an empty part is not none', { ...empty, part: { number: 0 } }, '2001 3a00 5000'],
  ['numbers are packed', { ...empty, numbers: [1, 300] }, '2001 420301ac02 5000'],
  ['texts are not', { ...empty, words: ['a', 'b'] }, '2001 4a0161 4a0162 5000'],
  ['another choice', { ...empty, choice: { part: { number: 7 } } }, '2001 62020807'],
  ['a small zigzag', { ...empty, south: -5 }, '2001 5000 6809'],
];

describe('the one canonical form', () => {
  it.each(spelled)('%s', (_, value, spelt) => {
    const bytes = unhex(spelt.replaceAll(' ', ''));
    expect(hex(all.encode(value))).toBe(hex(bytes));
    expect(all.decode(bytes)).toEqual(value);
  });

  it.each([
    ['an unknown field', '2001 5000 7001', 'NotCanonical'],
    ['fields out of order', '5000 2001', 'NotCanonical'],
    ['a field twice', '0801 0801 2001 5000', 'NotCanonical'],
    ['two choices', '2001 5001 5801', 'NotCanonical'],
    ['a default written out', '0800 2001 5000', 'NotCanonical'],
    ['an empty list written out', '2001 4200 5000', 'NotCanonical'],
    ['a long number', '088100 2001 5000', 'NotCanonical'],
    ['a long tag', '888000 05 2001 5000', 'NotCanonical'],
    ['a number past 64 bits', '08ffffffffffffffffff02 2001 5000', 'NotProtobuf'],
    ['eleven bytes of number', '08ffffffffffffffffffff01 2001 5000', 'NotProtobuf'],
    ['an end in the middle of a number', '2001 50', 'NotProtobuf'],
    ['an end in the middle of a text', '2001 2a0261', 'NotProtobuf'],
    ['a length past all memory', '2001 2affffffffffffffffff01', 'NotProtobuf'],
    ['what is not UTF-8', '2001 2a01ff 5000', 'NotProtobuf'],
    ['field number zero', '0001 2001 5000', 'NotProtobuf'],
    ['a fixed number', '2001 5000 6d00000000', 'NotProtobuf'],
    ['a group', '2001 5000 6b6c', 'NotProtobuf'],
    ['a number where bytes belong', '2001 2805 5000', 'NotProtobuf'],
    ['bytes where a number belongs', '0a0161 2001 5000', 'NotProtobuf'],
    ['a yes that is 2', '1802 2001 5000', 'Bad'],
    ['an unspecified word', '5000', 'Bad'],
    ['an unknown word', '2003 5000', 'Bad'],
    ['no choice', '2001', 'Bad'],
    ['numbers that do not increase', '2001 42020202 5000', 'Bad'],
    ['a number below its least', '2001 420100 5000', 'Bad'],
    ['a number above its most', '2001 4202ad02 5000', 'Bad'],
    ['too many numbers', '2001 420401020304 5000', 'Bad'],
    ['texts out of order', '2001 4a0162 4a0161 5000', 'Bad'],
    ['a text twice', '2001 4a0161 4a0161 5000', 'Bad'],
    ['too many bytes', '2001 3203010203 5000', 'Bad'],
    ['a control character', '2001 2a0107 5000', 'Bad'],
    ['another control character', '2001 2a02c285 5000', 'Bad'],
    ['bytes behind the end', '2001 5000 00', 'NotProtobuf'],
  ])('refuses %s', (_, spelt, why) => {
    expect(() => all.decode(unhex(spelt.replaceAll(' ', '')))).toThrow(expect.objectContaining({ name: 'Refused', why }));
  });

  it('writes nothing that it would not read', () => {
    const wrong: Partial<Record<keyof typeof empty, unknown>>[] = [
      { count: -1n }, { count: 2n ** 64n }, { shift: 2n ** 63n }, { sort: 'third' }, { name: 'sixsix' }, { name: '\ud800' }, { key: unhex('010203') },
      { numbers: [2, 1] }, { numbers: [1.5] }, { numbers: [0] }, { words: ['b', 'a'] }, { choice: {} }, { choice: { yes: true, number: 1 } },
      { choice: { other: 1 } }, { south: 6 }, { south: NaN }, { part: { number: 2 ** 32 } },
    ];
    for (const field of wrong) {
      expect(() => all.encode({ ...empty, ...field } as typeof empty), Object.keys(field)[0]).toThrow(Refused);
    }
  });
});

it('every change of one bit is refused or is another value in its own canonical form', () => {
  for (const [, value] of spelled) {
    const bytes = all.encode(value);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      let read: ReturnType<typeof all.decode>;
      try {
        read = all.decode(flipped);
      } catch (refused) {
        expect(refused).toBeInstanceOf(Refused);
        continue;
      }
      expect(hex(all.encode(read))).toBe(hex(flipped));
      expect(read).not.toEqual(value);
    }
  }
});
