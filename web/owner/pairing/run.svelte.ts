// One pairing, step by step, as the page shows it. Every step can be done again after a failure, and nothing is sent
// before the last one. What is signed is made in first-words.ts; how it travels is mailbox.ts.
//
//   key --made--> owners --signed--> limit --signed--> rules --signed--> press --device answered--> done
//                                                                          `--nobody confirmed--> press (signs once more)
import { Problem } from '$shared/api/client';
import { toSign } from '../consent/reading';
import { ceilingInWords, ownerSetInWords } from '../consent/before-signing';
import { hex, Refused, type Bytes } from '../consent/bytes';
import { CannotSign, type PhoneKey } from '../consent/keys';
import type { OwnDevice, Passkey } from '../consent/memory';
import { readAnswer, sayHello, type Hello, type Invitation } from '../consent/pairing';
import { seal, type Sign } from '../consent/signed';
import { namesOf, type CameraSeen } from '../signing/facts';
import type { Place } from '../consent/objects';
import { firstCeiling, firstPolicy, firstSet, sensibleLimits, type AgencyNamed, type Limits } from './first-words';
import { pairingWords as words } from './words';

/** Somebody walks to the device; a little more, because its minute begins when the hello arrives. */
export const PRESS_WITHIN_MS = 60_000;
const ANSWER_WITHIN_MS = PRESS_WITHIN_MS + 12_000;
/** Before a second message: the first may have been answered when nobody waited any more. */
const LATE_MS = 1_500;

export type StepName = 'key' | 'owners' | 'limit' | 'rules' | 'press' | 'done';

/** What is known of the place before anything is signed. */
export interface Site {
  readonly premisesId: string;
  readonly name: string;
  readonly person: string;
  readonly cameras: readonly CameraSeen[];
  /** The department first. */
  readonly agencies: readonly (AgencyNamed & { readonly hubId: string })[];
  readonly place: Place | null;
}

/** What a pairing needs of the world, so that a test can be the world. */
export interface Outside {
  phoneKey(make: 'make'): Promise<PhoneKey>;
  passkeys(): Promise<Passkey[]>;
  makePasskey(name: string): Promise<Passkey>;
  sign(passkey: Passkey): Sign;
  leave(device: Bytes, body: Bytes): Promise<void>;
  answer(device: Bytes, hash: Bytes, until: number, gone: AbortSignal): Promise<Bytes | null>;
  /** What the hub knows when nobody answered. */
  deviceNow(): { online: boolean; paired: boolean };
  keep(device: OwnDevice): Promise<void>;
  now(): number;
  readonly origin: string;
}

interface Sealed {
  ownerSet: Bytes;
  ceiling: Bytes;
  policy: Bytes;
}

/** What went out, and may still be answered. */
interface Left {
  readonly hello: Hello;
  readonly sealed: Sealed;
}

export class PairingRun {
  step = $state<StepName>('key');
  busy = $state(false);
  problem = $state.raw<string | null>(null);
  limits = $state.raw<Limits>({ longestSecs: 0, secsADay: 0, cameras: [], rights: sensibleLimits([]).rights });
  /** When the device stops waiting for a press; null while nothing was sent. */
  until = $state.raw<number | null>(null);
  /** A hello went out and nobody answered it. */
  sentBefore = $state(false);
  #passkey: Passkey | null = null;
  #phone: PhoneKey | null = null;
  readonly #sealed: Partial<Sealed> = {};
  #left: Left | null = null;
  readonly #gone = new AbortController();

  constructor(
    readonly to: Invitation,
    readonly site: Site,
    private readonly outside: Outside,
  ) {
    this.limits = sensibleLimits(site.cameras);
  }

  /** The passkey and the phone's key. */
  makeKey = (): Promise<void> =>
    this.#attempt(async () => {
      this.#phone ??= await this.outside.phoneKey('make');
      this.#passkey ??= (await this.outside.passkeys())[0] ?? (await this.outside.makePasskey(words.passkey(this.site.person)));
      this.step = 'owners';
    });

  get ownersInWords(): string[] {
    return ownerSetInWords(this.#set(), this.#names);
  }

  signOwners = (): Promise<void> =>
    this.#attempt(async () => {
      this.#sealed.ownerSet = await seal('owner-set.1', this.#set(), this.#sign);
      this.step = 'limit';
    });

  get limitInWords(): string[] {
    return this.limits.cameras.length > 0 ? ceilingInWords(this.#ceiling(), this.#names, this.#agencyNames) : [];
  }

  signLimit = (): Promise<void> =>
    this.#attempt(async () => {
      this.#sealed.ceiling = await seal('ceiling.1', this.#ceiling(), this.#sign);
      this.step = 'rules';
    });

  /** Exactly what is signed next; throws rather than show anything else. */
  get rulesInWords(): string[] {
    return toSign(this.#policy(), this.#names);
  }

  signRules = (): Promise<void> =>
    this.#attempt(async () => {
      this.#sealed.policy = await seal('policy.1', this.#policy(), this.#sign);
      this.step = 'press';
    });

  /** Says hello, then waits for somebody to press at the device. */
  send = (): Promise<void> =>
    this.#attempt(async () => {
      if (this.#left && (await this.#answered(this.#left, LATE_MS))) return;
      // The mailbox takes the same hello only once; a new signature makes it another.
      if (this.#left) this.#sealed.ceiling = await seal('ceiling.1', this.#ceiling(), this.#sign);
      const sealed = { ...(this.#sealed as Sealed) };
      const hello = await sayHello(this.to, sealed);
      await this.outside.leave(this.to.device, hello.body);
      this.#left = { hello, sealed };
      this.sentBefore = true;
      this.until = this.outside.now() + PRESS_WITHIN_MS;
      const said = await this.#answered(this.#left, ANSWER_WITHIN_MS);
      if (!said && !this.#gone.signal.aborted) throw new Unanswered(whyNoAnswer(this.outside.deviceNow()));
    }).finally(() => (this.until = null));

  back = (): void => {
    this.problem = null;
    this.step = 'limit';
  };

  /** The page is left: nobody waits any more. What was sent stays sent. */
  end(): void {
    this.#gone.abort();
  }

  /** True when the device has said yes to this hello. An answer that came late counts: the device is paired. */
  async #answered({ hello, sealed }: Left, withinMs: number): Promise<boolean> {
    const { device } = this.to;
    const said = await this.outside.answer(device, hello.hash, this.outside.now() + withinMs, this.#gone.signal);
    if (!said || this.#gone.signal.aborted) return false;
    const { key, origins, epoch } = await readAnswer(this.to, hello, said, this.outside.origin);
    const agencies = Object.fromEntries(this.site.agencies.map(({ hubId, id }) => [hubId, hex(id)]));
    const own = { id: hex(device), premisesId: this.site.premisesId, epoch, key, origins, ...sealed, agencies };
    await this.outside.keep(own);
    this.step = 'done';
    return true;
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      await act();
    } catch (failure) {
      this.problem = sentence(failure);
    } finally {
      this.busy = false;
    }
  }

  readonly #sign: Sign = (signed) => this.outside.sign(this.#passkey!)(signed);
  #set = () => firstSet(this.to, this.#passkey!.point, this.#phone!.point, this.site.person);
  #ceiling = () => firstCeiling(this.to, this.site.agencies, this.limits);
  #policy = () => firstPolicy(this.to, this.site.agencies[0]!, this.limits, this.site.place, this.outside.now());

  get #names(): ReadonlyMap<string, string> {
    return namesOf(this.site.cameras);
  }

  get #agencyNames(): ReadonlyMap<string, string> {
    return new Map(this.site.agencies.map(({ id, name }) => [hex(id), name]));
  }
}

/** The device said nothing in time, and this is what the owner can do about it. */
class Unanswered extends Error {}

function whyNoAnswer({ online, paired }: { online: boolean; paired: boolean }): string {
  if (paired) return words.failed.paired;
  return online ? words.failed.nobody : words.failed.away;
}

function sentence(failure: unknown): string {
  if (failure instanceof Unanswered) return failure.message;
  if (failure instanceof CannotSign || failure instanceof Problem) return failure.sentence;
  if (failure instanceof Refused) return failure.why === 'WrongOrigin' ? words.failed.origin : words.failed.answer;
  return words.failed.page;
}
