// This phone as a signer: its key, its devices and its nonces, put together for the page and for the service worker.
// Loaded only where a device is paired, so that the press page stays small.
import type { Id } from '$shared/api/shapes';
import { base64url, hex } from '../consent/bytes';
import { phoneKey } from '../consent/keys';
import { ownDevices, type OwnDevice } from '../consent/memory';
import { keyId } from '../consent/point';
import type { Seal } from '../keep/kept';
import { askNonce } from './hub';
import { Nonces } from './nonces';
import { Signer, type AskSeen } from './signer';

export interface PhoneSigning {
  readonly seal: Seal;
  readonly nonces: Nonces;
  readonly devices: readonly OwnDevice[];
  yes(ask: AskSeen, by: Id): Promise<string[]>;
  /** After pairing, or when newer words were taken over. */
  reload(): Promise<void>;
}

export async function phoneSigning(): Promise<PhoneSigning> {
  let devices = await ownDevices().catch(() => []);
  const own = async () => (await phoneKey())?.point;
  const nonces = new Nonces(async (device) => askNonce(device, hex(await keyId((await own())!))));
  const signer = new Signer({ devices: () => devices, key: () => phoneKey(), nonce: (device) => nonces.take(device) });
  return {
    seal: async (kept, now) => (await signer.seal(kept, now)).map(base64url),
    yes: async (ask, by) => (await signer.yes(ask, by, Date.now())).map(base64url),
    nonces,
    get devices() {
      return devices;
    },
    async reload() {
      devices = await ownDevices();
    },
  };
}
