// This phone as a signer: its key, its devices and its nonces, put together for the page and for the service worker.
// Loaded only where a device is paired, so that the press page stays small.
import type { Ask, Id } from '$shared/api/shapes';
import { base64url, hex, same } from '../consent/bytes';
import { phoneKey } from '../consent/keys';
import { keepDevice, ownDevices, type OwnDevice } from '../consent/memory';
import { keyId } from '../consent/point';
import { open } from '../consent/signed';
import type { Seal } from '../keep/kept';
import { askNonce, knownWords } from './hub';
import { newest } from './newest';
import { Nonces } from './nonces';
import { Signer } from './signer';

export interface PhoneSigning {
  readonly seal: Seal;
  readonly nonces: Nonces;
  readonly devices: readonly OwnDevice[];
  yes(ask: Ask, by: Id): Promise<string[]>;
  /** After pairing, or when newer words were taken over. */
  reload(): Promise<void>;
  /** Takes over what the hub has newer, so that a phone whose key was cancelled knows it. What fails is for next time. */
  refresh(): Promise<void>;
}

export async function phoneSigning(): Promise<PhoneSigning> {
  let devices = await devicesWithMe();
  const nonces = new Nonces(async (device) => askNonce(device, hex(await keyId((await phoneKey('make')).point))));
  const signer = new Signer({ devices: () => devices, key: () => phoneKey(), nonce: (device) => nonces.take(device) });
  const reload = async () => void (devices = await devicesWithMe());
  return {
    seal: async (kept, now, again) => (await signer.seal(kept, now, again)).map(base64url),
    yes: async (ask, by) => (await signer.yes(ask, by, Date.now())).map(base64url),
    nonces,
    get devices() {
      return devices;
    },
    reload,
    async refresh() {
      await Promise.allSettled(devices.map(async (own) => keepDevice((await newest(own, await knownWords(own.id))).device)));
      await reload();
    },
  };
}

/** Devices in whose newest set, as far as this phone has seen it, its key is. */
async function devicesWithMe(): Promise<OwnDevice[]> {
  const key = await phoneKey().catch(() => null);
  const kept = key ? await ownDevices().catch(() => []) : [];
  const named = await Promise.all(kept.map(async ({ ownerSet }) => {
    const { value } = await open(ownerSet, 'owner-set.1');
    return value.members.some((member) => same(member.key, key!.point));
  }));
  return kept.filter((_, at) => named[at]);
}
