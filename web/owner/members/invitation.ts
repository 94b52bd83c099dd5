// Another phone comes in: an owner's link says which device, the invited phone's link brings its keys back, and both
// show one number. The links may go any way, also through strangers: whoever changes one changes the number, and the
// number is slow to make, so that nobody finds keys that give the same.
import { base64url, hex, join, sha256, unbase64url, unhex, utf8, type Bytes } from '../consent/bytes';
import { spki, uncompressed } from '../consent/point';

/** What the owner's link says. */
export interface Invited {
  /** The device's own key: whoever knows it knows the device's id, and can check its receipts. */
  readonly key: Bytes;
  readonly epoch: bigint;
  /** Hash of the owner set in force: the next one, with the invited phone in it, names it. */
  readonly set: Bytes;
  /** The owner's passkey that will sign the next one. */
  readonly owner: Bytes;
  /** An owner also makes a passkey. */
  readonly asOwner: boolean;
}

/** What the invited phone's link brings back. */
export interface Applying {
  /** Hex. */
  readonly device: string;
  readonly epoch: bigint;
  readonly phone: Bytes;
  readonly passkey: Bytes | null;
}

const SLOW_ROUNDS = 200_000;
const DIGITS = 12;

export const invitationText = ({ key, epoch, set, owner, asOwner }: Invited): string =>
  `#i=${[base64url(key), epoch, base64url(set), base64url(owner), asOwner ? 'o' : 'm'].join('.')}`;

export function readInvitation(fragment: string): Invited | null {
  const [, key, epoch, set, owner, role] = /^#i=([\w-]{44})\.([1-9]\d{0,18})\.([\w-]{43})\.([\w-]{44})\.([om])$/.exec(fragment) ?? [];
  if (!key || !epoch || !set || !owner) return null;
  return sound(() => ({ key: point(key), epoch: BigInt(epoch), set: unbase64url(set), owner: point(owner), asOwner: role === 'o' }));
}

export const applicationText = ({ device, epoch, phone, passkey }: Applying): string =>
  `#k=${[device, epoch, base64url(phone), ...(passkey ? [base64url(passkey)] : [])].join('.')}`;

export function readApplication(fragment: string): Applying | null {
  const [, device, epoch, phone, passkey] = /^#k=([\da-f]{64})\.([1-9]\d{0,18})\.([\w-]{44})(?:\.([\w-]{44}))?$/.exec(fragment) ?? [];
  if (!device || !epoch || !phone) return null;
  return sound(() => ({ device, epoch: BigInt(epoch), phone: point(phone), passkey: passkey ? point(passkey) : null }));
}

export const deviceOf = async ({ key }: Pick<Invited, 'key'>): Promise<string> => hex(await sha256(spki(key)));

/** "1234 5678 9012", the same on both phones when both mean the same device, set, owner and keys. */
export async function sharedNumber({ device, epoch, phone, passkey }: Applying, { set, owner }: Pick<Invited, 'set' | 'owner'>): Promise<string> {
  const said = join(utf8(`ASSENT-INVITE-v1\0${epoch}\0`), unhex(device), set, owner, phone, passkey ?? []);
  const secret = await crypto.subtle.importKey('raw', said, 'PBKDF2', false, ['deriveBits']);
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: unhex(device), iterations: SLOW_ROUNDS }, secret, 128);
  const digits = String(BigInt(`0x${hex(new Uint8Array(bits))}`) % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0');
  return digits.replace(/\d{4}(?=\d)/g, '$& ');
}

function point(text: string): Bytes {
  const bytes = unbase64url(text);
  uncompressed(bytes);
  return bytes;
}

function sound<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
