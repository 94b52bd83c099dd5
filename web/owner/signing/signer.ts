// Signs what this phone keeps for the hub: a press and a yes with something fresh of the device's, a stop at once.
// One envelope for each paired device at the premises. Carrying and keeping are keep/; who obeys is the device's part.
import type { Ask, Id } from '$shared/api/shapes';
import { hex, Refused, unhex, type Bytes } from '../consent/bytes';
import type { PhoneKey } from '../consent/keys';
import type { OwnDevice } from '../consent/memory';
import type { Place, Revoke, Trigger } from '../consent/objects';
import { seal } from '../consent/signed';
import { stillOpens, type Kept, type KeptPress, type KeptRevoke } from '../keep/kept';
import type { Spot } from './facts';

/** Shorter than a nonce lives: the same press, sent again within it, is the very same words. */
const GOOD_FOR_MS = 40_000;
/** More presses do not wait at once. */
const MOST_SEALED = 16;

export interface Signing {
  devices(): readonly OwnDevice[];
  key(): Promise<PhoneKey | null>;
  nonce(device: string): Promise<Bytes>;
}

type TriggerKind = Trigger['kind'];

export class Signer {
  readonly #sealed = new Map<Id, { envelopes: Bytes[]; at: number }>();

  constructor(private readonly phone: Signing) {}

  /** None where no device there knows this phone: then it is sent as to an unpaired device. `again`: for these only, anew. */
  async seal(kept: Kept, now: number, again?: readonly string[]): Promise<Bytes[]> {
    return kept.kind === 'press' ? this.#press(kept, now, again) : this.#stop(kept);
  }

  /** The owner's yes to an alert, of which the device hears what the owner was shown. */
  async yes(ask: Ask, by: Id, now: number): Promise<Bytes[]> {
    const facts = (agency: string) => ({ kind: ask.kind, agency: unhex(agency), place: placeOf(ask.place), source: ask.source });
    const id = crypto.getRandomValues(new Uint8Array(16));
    // As this phone has checked the agency's name; else as the hub says: the device asks its own rules either way.
    const named = ({ agencies }: OwnDevice) => agencies[ask.agency.id] ?? ask.signedAs ?? null;
    const asked = this.#at(ask.premisesId).filter((device) => named(device) !== null);
    return this.#fresh(asked, id, now, (device) => ({ approval: { ofTrigger: idBytes(ask.alertId), alert: facts(named(device)!), by } }));
  }

  async #press(kept: KeptPress, now: number, again?: readonly string[]): Promise<Bytes[]> {
    // A message opens nothing, so nothing is signed.
    if (!stillOpens(kept, now)) return [];
    const before = this.#sealed.get(kept.id);
    if (before && !again && now - before.at < GOOD_FOR_MS) return before.envelopes;
    const { level, silent, drill, personId, note } = kept;
    const press = { level, silent, drill, at: 'phone' as const, by: personId, cameras: [], note: note ?? '' };
    const devices = this.#at(kept.premisesId).filter(({ id }) => !again || again.includes(id));
    const envelopes = await this.#fresh(devices, idBytes(kept.id), kept.madeAt, () => ({ press }));
    if (this.#sealed.size >= MOST_SEALED) this.#sealed.clear();
    this.#sealed.set(kept.id, { envelopes, at: now });
    return envelopes;
  }

  /** A device that is away must not hold up the others. With none at all, the reason of the first is thrown. */
  async #fresh(devices: readonly OwnDevice[], id: Bytes, madeAt: number, kind: (device: OwnDevice) => TriggerKind): Promise<Bytes[]> {
    const key = devices.length > 0 ? await this.phone.key() : null;
    if (!key) return [];
    const made = await Promise.allSettled(
      devices.map(async (device) => {
        const nonce = await this.phone.nonce(device.id);
        return seal('trigger.1', { ...addressed(device), id, nonce, madeAtMs: BigInt(madeAt), kind: kind(device) }, key.sign);
      }),
    );
    const envelopes = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = made.find((one) => one.status === 'rejected');
    if (envelopes.length === 0 && failed) throw failed.reason;
    return envelopes;
  }

  async #stop(kept: KeptRevoke): Promise<Bytes[]> {
    const scope = scopeOf(kept);
    const devices = this.#at(kept.premisesId ?? ('premisesId' in kept.scope ? kept.scope.premisesId : undefined));
    const key = scope && devices.length > 0 ? await this.phone.key() : null;
    if (!key || !scope) return [];
    const { id, reason } = kept;
    return Promise.all(devices.map((device) => seal('revoke.1', { ...addressed(device), id: idBytes(id), scope, reason }, key.sign)));
  }

  /** Of a stop whose premises are not known, every device is told: one that has nothing open loses nothing. */
  #at(premisesId: Id | undefined): readonly OwnDevice[] {
    return this.phone.devices().filter((device) => premisesId === undefined || device.premisesId === premisesId);
  }
}

const addressed = ({ id, epoch }: OwnDevice) => ({ device: unhex(id), epoch });

function scopeOf({ scope }: KeptRevoke): Revoke['scope'] | null {
  if ('grantId' in scope) return { grant: idBytes(scope.grantId) };
  if ('pressId' in scope) return { trigger: idBytes(scope.pressId) };
  return 'premisesId' in scope ? { everything: true } : null;
}

/** A UUID as its 16 bytes. */
export function idBytes(id: Id): Bytes {
  const bytes = unhex(id.replaceAll('-', '').toLowerCase());
  if (bytes.length !== 16) throw new Refused('Bad', 'id');
  return bytes;
}

/** And back: the name under which the hub keeps a word. */
export const uuidOf = (bytes: Bytes): Id => hex(bytes).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');

export function placeOf(spot: Spot | null | undefined): Place | null {
  return spot ? { latE7: Math.round(spot.lat * 1e7), lonE7: Math.round(spot.lon * 1e7) } : null;
}
