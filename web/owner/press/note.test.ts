import { describe, expect, it } from 'vitest';
import { fitted, NOTE_BYTES, noteOf } from './note';

const bytes = (text: string) => new TextEncoder().encode(text).length;

describe('a note to the operators', () => {
  it('is nothing when only blanks were typed', () => {
    expect(noteOf('')).toBeNull();
    expect(noteOf('  \n ')).toBeNull();
  });

  it('goes out as it was typed, on one line', () => {
    expect(noteOf(' two men,\nback door ')).toBe('two men, back door');
    expect(noteOf('a\u0007b\u0085c')).toBe('a b c');
  });

  it('is counted in bytes, as the hub counts, and cut between whole characters', () => {
    expect(bytes(fitted('x'.repeat(400)))).toBe(NOTE_BYTES);
    const cut = fitted('é'.repeat(139) + '🚨🚨');
    expect(cut).toBe('é'.repeat(139));
    expect(bytes(cut)).toBeLessThanOrEqual(NOTE_BYTES);
  });
});
