// What a pairing needs of the world: this phone's keys, the hub's mailbox, and what the hub says of the place.
import type { OwnerPremises } from '$shared/api/shapes';
import type { OwnerApp } from '../app.svelte';
import { unhex } from '../consent/bytes';
import { makePasskey, passkeySign, phoneKey } from '../consent/keys';
import { keepDevice, keepPasskey, ownPasskeys } from '../consent/memory';
import { camerasOf, devicesAt, premisesOf, spotOf } from '../signing/facts';
import { giveWords, knownWords, type AgencyKnown } from '../signing/hub';
import { checkedAgencies } from '../signing/newest';
import { placeOf } from '../signing/signer';
import { answer, leave } from './mailbox';
import type { Outside, Site } from './run.svelte';
import { pairingWords as words } from './words';

/** What is known of the place, or the sentence that says what is missing. */
export function siteFor(premises: readonly OwnerPremises[], device: string, agencies: readonly AgencyKnown[], person: string): Site | string {
  const here = premisesOf(premises, device);
  if (!here) return words.cannot.unknown;
  const cameras = camerasOf(here, device);
  if (cameras.length === 0) return words.cannot.cameras;
  if (agencies.length === 0) return words.cannot.agency;
  const named = agencies.map(({ id, name, signedAs }) => ({ id: unhex(signedAs), name, hubId: id }));
  return { premisesId: here.id, name: here.name, person, cameras, agencies: named, place: placeOf(spotOf(here)) };
}

export function outside(app: OwnerApp, device: string): Outside {
  return {
    phoneKey,
    passkeys: ownPasskeys,
    async makePasskey(name) {
      const passkey = await makePasskey(name, await ownPasskeys());
      await keepPasskey(passkey);
      return passkey;
    },
    sign: (passkey) => passkeySign([passkey]),
    leave,
    answer,
    deviceNow() {
      const seen = app.premises.flatMap(devicesAt).find(({ id }) => id === device);
      return { online: seen?.online ?? false, paired: seen?.paired ?? false };
    },
    async keep(own) {
      await keepDevice(own);
      await app.devicesChanged();
      // It learns who speaks for the agencies that the rules name; it is told again with the next rules.
      await tellAgencies(own.id).catch(() => undefined);
    },
    now: () => Date.now(),
    origin: location.origin,
  };
}

async function tellAgencies(device: string): Promise<void> {
  const agencies = await checkedAgencies((await knownWords(device)).agencies);
  if (agencies.length > 0) await giveWords(device, agencies.map(({ envelope }) => envelope));
}
