// Keys for tests: plain P-256 ones, and a passkey that signs as an authenticator would, so that each part of an
// assertion can be made wrong.
import { base64url, join, sha256, utf8, type Bytes } from '../bytes';
import type { PasskeyAssertion, Signature } from '../objects';
import { compressed, keyId, spki } from '../point';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const PRESENT_AND_VERIFIED = 0x05;

export const ORIGIN = 'https://owner.example.org';

export class TestKey {
  private constructor(
    readonly point: Bytes,
    readonly key: Bytes,
    private readonly secret: CryptoKey,
  ) {}

  static async make(): Promise<TestKey> {
    const pair = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
    const point = compressed(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
    return new TestKey(point, await keyId(point), pair.privateKey);
  }

  readonly raw = async (signed: Bytes): Promise<Signature> => ({ key: this.key, by: { raw: await this.ecdsa(signed) } });

  readonly passkey = async (signed: Bytes): Promise<Signature> => ({ key: this.key, by: { passkey: await this.assertion(await sha256(signed)) } });

  async assertion(challenge: Bytes, origin = ORIGIN, flags = PRESENT_AND_VERIFIED, more = ''): Promise<PasskeyAssertion> {
    const clientData = utf8(`{"type":"webauthn.get","challenge":"${base64url(challenge)}","origin":"${origin}"${more}}`);
    return this.over(clientData, new URL(origin).hostname, flags);
  }

  async over(clientData: Bytes, party = new URL(ORIGIN).hostname, flags = PRESENT_AND_VERIFIED): Promise<PasskeyAssertion> {
    const authenticatorData = join(await sha256(utf8(party)), [flags, 0, 0, 0, 1]);
    const signature = derOfRaw(await this.ecdsa(join(authenticatorData, await sha256(clientData))));
    return { authenticatorData, clientData, signature };
  }

  get spki(): Bytes {
    return spki(this.point);
  }

  private async ecdsa(bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(ECDSA, this.secret, bytes));
  }
}

export function derOfRaw(raw: Bytes): Bytes {
  const integer = (digits: Bytes): Bytes => {
    const from = Math.min(digits.findIndex((byte) => byte > 0), 31);
    const short = digits.slice(from);
    const number = short[0]! > 0x7f ? join([0], short) : short;
    return join([2, number.length], number);
  };
  const both = join(integer(raw.slice(0, 32)), integer(raw.slice(32)));
  return join([0x30, both.length], both);
}
