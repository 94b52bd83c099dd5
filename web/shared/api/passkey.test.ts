import { expect, it } from 'vitest';
import { bytes, personSaidNo, text } from './passkey';

it('reads and writes base64url as WebAuthn does, without padding', () => {
  for (const sample of [[], [255], [251, 255, 191], [0, 1, 2, 3, 250]]) {
    const buffer = Uint8Array.from(sample).buffer;
    expect(text(buffer)).toMatch(/^[\w-]*$/);
    expect([...bytes(text(buffer))]).toEqual(sample);
  }
  expect(text(Uint8Array.from([251, 255]).buffer)).toBe('-_8');
});

it('knows a person who said no from a failure', () => {
  expect(personSaidNo(new DOMException('', 'NotAllowedError'))).toBe(true);
  expect(personSaidNo(new DOMException('', 'SecurityError'))).toBe(false);
  expect(personSaidNo(new TypeError('x'))).toBe(false);
});
