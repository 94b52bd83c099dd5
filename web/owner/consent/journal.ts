// One entry of the device's journal, inside a receipt that the device signed: numbered without gaps and chained. The
// same as `Receipt` in proto/wire/proto/link.proto; what each kind of entry holds is left as it stands.
import { bytes, s64, u32, u64 } from './kinds';
import { message, one, oneOf, type Of } from './proto';

const LONGEST = 64 * 1024;
const body = bytes(0, LONGEST);

export const journalEntry = message({
  number: one(1, u64(1n)),
  /** SHA-256 of the entry before it, as written; zeros for the first. */
  previous: one(2, bytes(32)),
  wallMs: one(3, s64),
  bootMs: one(4, u64()),
  bootId: one(5, bytes(0, 64)),
  localDay: one(6, u32()),
  body: oneOf({
    started: [10, body],
    pressed: [11, body],
    opened: [12, body],
    refused: [13, body],
    ended: [14, body],
    revoked: [15, body],
    alarm: [16, body],
    reset: [17, body],
    taken: [18, body],
  }),
});
export type JournalEntry = Of<typeof journalEntry>;
