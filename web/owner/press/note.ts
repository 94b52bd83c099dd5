// What the owner may tell the operators in one line, kept so that it can never be a reason to refuse the press: within
// the hub's length in bytes, on one line, nothing rather than blanks. Pure.

/** The hub refuses longer notes, and a press must not fail on its note. */
export const NOTE_BYTES = 280;

const ENCODER = new TextEncoder();

/** As much of the text as fits, cut between whole characters and without line breaks. */
export function fitted(text: string): string {
  let left = NOTE_BYTES;
  let kept = '';
  for (const character of text.replace(/\p{Cc}+/gu, ' ')) {
    left -= ENCODER.encode(character).length;
    if (left < 0) break;
    kept += character;
  }
  return kept;
}

export function noteOf(text: string): string | null {
  return fitted(text.trim()).trim() || null;
}
