// @vitest-environment node
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { same, sha256, unhex, utf8, type Bytes } from './bytes';
import { CannotSign, makePasskey, noPasskeys, noPhoneKey, passkeySign, phoneKey, type Passkey } from './keys';
import { keyId } from './point';
import { open, seal } from './signed';
import { ORIGIN, TestKey } from './testing/keys';
import { verify, verifyRaw } from './verify';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('location', new URL(ORIGIN));
});
afterEach(() => vi.unstubAllGlobals());

describe('the phone key', () => {
  it('is made once, is found again, and signs what a device can check', async () => {
    expect(await phoneKey()).toBeNull();
    const made = await phoneKey('make');
    const found = (await phoneKey())!;
    expect(found.point).toEqual(made.point);
    expect((await phoneKey('make')).point).toEqual(made.point);
    const { key, by } = await found.sign(utf8('a press'));
    expect(key).toEqual(await keyId(made.point));
    await verify(made.point, utf8('a press'), by, []);
    expect(by).toHaveProperty('raw');
  });

  it('is the same in two tabs that make it at once', async () => {
    const points = await Promise.all([1, 2, 3].map(async () => (await phoneKey('make')).point));
    expect(points.every((point) => same(point, points[0]!))).toBe(true);
  });

  it('cannot leave this browser', async () => {
    await phoneKey('make');
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('assent-consent');
      request.onsuccess = () => resolve(request.result);
    });
    const kept = await new Promise<CryptoKeyPair>((resolve) => {
      const request = database.transaction('keys').objectStore('keys').get('phone');
      request.onsuccess = () => resolve(request.result as CryptoKeyPair);
    });
    expect(kept.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', kept.privateKey)).rejects.toThrow();
    await expect(crypto.subtle.exportKey('jwk', kept.privateKey)).rejects.toThrow();
    database.close();
  });

  it('says in words why there can be none', async () => {
    vi.stubGlobal('isSecureContext', false);
    expect(noPhoneKey()).toContain('safe connection');
    await expect(phoneKey('make')).rejects.toThrow(CannotSign);
    vi.stubGlobal('isSecureContext', true);
    vi.stubGlobal('indexedDB', undefined);
    expect(noPhoneKey()).toContain('private browsing');
    vi.stubGlobal('indexedDB', { open: () => { throw new DOMException('', 'QuotaExceededError'); } });
    await expect(phoneKey('make')).rejects.toMatchObject({ name: 'CannotSign', sentence: expect.stringContaining('could not store') as string });
  });
});

/** An authenticator with one key, and the browser in front of it. */
class Phone {
  flags = 0x05;
  origin = ORIGIN;
  credential = unhex('c0ffee');
  asked: (CredentialCreationOptions | CredentialRequestOptions)[] = [];
  private constructor(readonly key: TestKey) {}

  static async make(): Promise<Phone> {
    const phone = new Phone(await TestKey.make());
    vi.stubGlobal('PublicKeyCredential', class {});
    vi.stubGlobal('navigator', { credentials: phone });
    return phone;
  }

  async create(options: CredentialCreationOptions) {
    this.asked.push(options);
    return { rawId: this.credential.buffer, response: { getPublicKey: () => this.key.spki.buffer } };
  }

  async get(options: CredentialRequestOptions) {
    this.asked.push(options);
    const { authenticatorData, clientData, signature } = await this.key.assertion(new Uint8Array(options.publicKey!.challenge as ArrayBuffer), this.origin, this.flags);
    return { rawId: this.credential.buffer, response: { authenticatorData: authenticatorData.buffer, clientDataJSON: clientData.buffer, signature: signature.buffer } };
  }
}

describe('a passkey', () => {
  let phone: Phone;
  let passkey: Passkey;
  beforeEach(async () => {
    phone = await Phone.make();
    passkey = await makePasskey('Maria');
  });

  it('is made for this host, with a check of the person, where it can be found without a name', () => {
    expect(passkey).toEqual({ credential: phone.credential, point: phone.key.point });
    expect(phone.asked[0]!.publicKey).toMatchObject({
      rp: { id: 'owner.example.org' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  });

  it('signs an object by its hash', async () => {
    const revoke = { device: unhex('11'.repeat(32)), epoch: 1n, id: unhex('33'.repeat(16)), scope: { key: unhex('44'.repeat(32)) }, reason: 'owner' as const };
    const sealed = await open(await seal('revoke.1', revoke, passkeySign([passkey])), 'revoke.1');
    expect(sealed.signatures[0]!.key).toEqual(await keyId(passkey.point));
    await verify(passkey.point, sealed.signed, sealed.signatures[0]!.by, [ORIGIN]);
    expect(phone.asked[1]!.publicKey).toMatchObject({ rpId: 'owner.example.org', userVerification: 'required', challenge: sealed.hash });
    await expect(verifyRaw(passkey.point, sealed.signed, new Uint8Array(64))).rejects.toThrow();
  });

  it.each<[string, string, () => void]>([
    ['the person was not checked', 'did not check that it is you', () => (phone.flags = 0x01)],
    ['another page asked', 'does not hold', () => (phone.origin = 'https://evil.example.org')],
    ['another passkey was taken', 'not one of yours', () => (phone.credential = unhex('00'))],
    ['the person said no', 'You did not use your passkey', () => (phone.get = () => Promise.reject(new DOMException('', 'NotAllowedError')))],
    ['the address is wrong', 'at this address', () => (phone.get = () => Promise.reject(new DOMException('', 'SecurityError')))],
    ['something else failed', 'Try again', () => (phone.get = () => Promise.reject(new TypeError('x')))],
  ])('gives no signature when %s, and says so', async (_, words, wrong) => {
    wrong();
    const sentence = expect.stringContaining(words) as string;
    await expect(passkeySign([passkey])(utf8('x'))).rejects.toMatchObject({ name: 'CannotSign', sentence });
  });

  it('is refused when its key is of another sort or off the curve', async () => {
    const wrong: (() => unknown)[] = [() => null, () => new Uint8Array(91).buffer, () => phone.key.spki.slice(0, 90).buffer];
    for (const getPublicKey of wrong) {
      phone.create = async () => ({ rawId: phone.credential.buffer, response: { getPublicKey: getPublicKey as () => ArrayBuffer } });
      await expect(makePasskey('Maria')).rejects.toThrow(CannotSign);
    }
  });

  it('cannot be had in an old browser or over plain HTTP', async () => {
    vi.stubGlobal('PublicKeyCredential', undefined);
    expect(noPasskeys()).toContain('no passkeys');
    await expect(makePasskey('Maria')).rejects.toThrow(CannotSign);
    vi.stubGlobal('isSecureContext', false);
    expect(noPasskeys()).toContain('safe connection');
  });
});

it('the challenge is never that of a sign-in', async () => {
  const phone = await Phone.make();
  const passkey = await makePasskey('Maria');
  const random = crypto.getRandomValues(new Uint8Array(32)) as Bytes;
  const assertion = await phone.key.assertion(random);
  await expect(verify(passkey.point, random, { passkey: assertion }, [ORIGIN])).rejects.toMatchObject({ why: 'BadSignature' });
  expect(same(random, await sha256(random))).toBe(false);
});
