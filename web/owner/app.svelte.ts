// What the whole page knows: who is signed in, the hub's sections, and what waits on this phone. It starts from
// the phone's own memory, so that a reload without a network still shows a page that can press and stop.
import { SvelteSet } from 'svelte/reactivity';
import { call, Problem, retried } from '$shared/api/client';
import { PageStream } from '$shared/api/stream.svelte';
import type { Ask, Id, Level, Me, OwnerPremises, OwnerSections, RevokeBody, RevokeScope } from '$shared/api/shapes';
import { now } from '$shared/clock.svelte';
import { openKeeping } from './keep/database';
import type { Kept, KeptPress } from './keep/kept';
import { Outbox, type Item } from './keep/outbox';
import { post } from './keep/post';
import { sendInBackground } from './offline';
import type { OwnDevice } from './consent/memory';
import { pressViews } from './press/progress';
import { open, stopTruth } from './sharing/shared';
import { devicesAt, standingAt, type Standing } from './signing/facts';
import type { PhoneSigning } from './signing/phone';

/** Enough to bridge a hub that restarts while somebody signs in. */
const SESSION_ATTEMPTS = 3;

export interface PressChoices {
  premisesId: Id;
  level: Level;
  silent: boolean;
  drill: boolean;
  note: string | null;
}

export class OwnerApp {
  /** undefined until it is known; null when nobody is signed in. */
  me = $state.raw<Me | null | undefined>(undefined);
  /** Why it is not known whether anybody is signed in. */
  trouble = $state.raw<string | null>(null);
  items = $state.raw<readonly Item[]>([]);
  readonly stream = new PageStream<OwnerSections>();
  #rememberedPremises = $state.raw<OwnerPremises[]>([]);
  readonly #dismissed = new SvelteSet<Id>();
  readonly #keeping = openKeeping();
  readonly #outbox = new Outbox(this.#keeping, post, (items) => this.#changed(items), () => Date.now(), async (kept, now, again) =>
    this.#signs ? (await this.signing()).seal(kept, now, again) : [],
  );
  #signing: Promise<PhoneSigning> | null = null;
  /** Devices that know this phone's key; undefined until it was looked. */
  ownDevices = $state.raw<readonly OwnDevice[] | undefined>(undefined);

  readonly premises = $derived(this.stream.get('premises') ?? this.#rememberedPremises);
  readonly shares = $derived(this.stream.get('shares') ?? []);
  /** Before the first word of the hub in this visit, what is shared can only be guessed. */
  readonly sharesKnown = $derived(this.stream.get('shares') !== undefined);
  /** Undefined whenever they may be old: who watches is never said from memory. */
  readonly viewings = $derived(this.stream.connected ? this.stream.get('viewings') : undefined);
  readonly openShares = $derived(open(this.shares));
  readonly presses = $derived(
    pressViews(this.items, this.stream.get('presses') ?? [], this.shares, this.me?.id ?? '', now()).filter(
      ({ id }) => !this.#dismissed.has(id),
    ),
  );
  readonly stop = $derived(stopTruth(this.items));
  /** Some device obeys signed words only: then the part of the page that signs is loaded. */
  readonly #signs = $derived(this.premises.some((one) => devicesAt(one).some(({ paired }) => paired)) || (this.ownDevices ?? []).length > 0);

  async start(): Promise<void> {
    const remembered = await this.#keeping.recall<Me>('me').catch(() => undefined);
    this.#rememberedPremises = (await this.#keeping.recall<OwnerPremises[]>('premises').catch(() => undefined)) ?? [];
    if (remembered) this.me = remembered;
    await this.checkSession();
  }

  async checkSession(): Promise<void> {
    this.trouble = null;
    try {
      await this.signedIn(await retried(SESSION_ATTEMPTS, () => call<Me>('GET', '/api/session')));
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.signedOut) this.me = null;
      else this.trouble = thrown instanceof Problem ? thrown.sentence : 'This page could not start.';
    }
  }

  async signedIn(me: Me): Promise<void> {
    this.me = me;
    this.trouble = null;
    await this.#keeping.remember('me', me).catch(() => undefined);
  }

  /** While somebody is signed in: the stream runs and the outbox is worked off. For an $effect. */
  live(personId: Id): () => void {
    void this.#outbox.resume(personId);
    const wake = () => this.#outbox.wake();
    const endStream = this.stream.start();
    const endWaking = this.stream.onConnected(wake);
    globalThis.addEventListener('online', wake);
    return () => {
      globalThis.removeEventListener('online', wake);
      endWaking();
      endStream();
      this.#outbox.pause();
    };
  }

  /** Whose word counts there, for this phone. */
  standing(premises: OwnerPremises): Standing | undefined {
    return this.ownDevices && standingAt(premises, this.ownDevices);
  }

  signing(): Promise<PhoneSigning> {
    this.#signing ??= import('./signing/phone').then(({ phoneSigning }) => phoneSigning());
    // A dead network is no reason never to try again.
    this.#signing.catch(() => (this.#signing = null));
    return this.#signing;
  }

  /** The yes to an alert in signed words, where a device wants them. */
  async yesTo(ask: Ask): Promise<string[]> {
    return this.#signs && this.me ? (await this.signing()).yes(ask, this.me.id) : [];
  }

  /** After pairing, or when newer words were taken over. */
  async devicesChanged(): Promise<void> {
    const signing = await this.signing();
    await signing.reload();
    this.ownDevices = signing.devices;
  }

  /** Something fresh to sign is at hand while the page is looked at. For an $effect. */
  keepFresh(): (() => void) | undefined {
    if (!this.#signs || !this.stream.connected) return;
    let end: (() => void) | null | undefined;
    void this.signing().then((signing) => {
      this.ownDevices = signing.devices;
      const reachable = () => (document.visibilityState === 'visible' ? signing.devices.filter((own) => this.#isHere(own)).map(({ id }) => id) : []);
      if (end === undefined) end = signing.nonces.keepReady(reachable);
      return signing.refresh().then(() => (this.ownDevices = signing.devices));
    }).catch(() => undefined);
    return () => {
      end?.();
      end = null;
    };
  }

  /** Presses whose signature came too late at a device are signed once more. For an $effect. */
  signAgain(): void {
    for (const press of this.stream.get('presses') ?? []) this.#outbox.signAgain(press);
  }

  #isHere(own: OwnDevice): boolean {
    return this.premises.some((one) => devicesAt(one).some(({ id, online, epoch }) => id === own.id && online && own.epoch === BigInt(epoch)));
  }

  /** The hub says that the device there is out of its reach: no new picture comes from it. */
  deviceAway(premisesId: Id): boolean {
    if (!this.stream.connected) return false;
    return this.stream.get('premises')?.find(({ id }) => id === premisesId)?.deviceState === 'away';
  }

  rememberPremises(premises: OwnerPremises[]): void {
    void this.#keeping.remember('premises', premises).catch(() => undefined);
  }

  sessionEnded(): void {
    this.stream.forget();
    this.me = null;
  }

  async signOut(): Promise<void> {
    await call('DELETE', '/api/session', { idempotencyKey: crypto.randomUUID() });
    await this.#outbox.erase();
    this.#rememberedPremises = [];
    this.sessionEnded();
  }

  press(choices: PressChoices): void {
    if (!this.me) return;
    const made: KeptPress = { kind: 'press', id: crypto.randomUUID(), personId: this.me.id, ...choices, madeAt: Date.now() };
    void this.#outbox.add([made]);
  }

  revoke(scopes: RevokeScope[], reason: RevokeBody['reason'], withdraw: Id[] = []): void {
    const personId = this.me?.id;
    if (!personId) return;
    const madeAt = Date.now();
    const made = scopes.map(
      (scope): Kept => ({ kind: 'revoke', id: crypto.randomUUID(), personId, scope, premisesId: this.#placeOf(scope), reason, madeAt }),
    );
    void this.#outbox.add(made, withdraw);
  }

  #placeOf(scope: RevokeScope): Id | undefined {
    if ('premisesId' in scope) return scope.premisesId;
    if ('grantId' in scope) return this.shares.find(({ id }) => id === scope.grantId)?.premises.id;
    return 'pressId' in scope ? this.presses.find(({ id }) => id === scope.pressId)?.premisesId : undefined;
  }

  #changed(items: readonly Item[]): void {
    this.items = items;
    // Only after a first failure: while the network works, the page itself is quicker.
    if (items.some(({ state, attempts }) => state === 'waiting' && attempts === 1)) void sendInBackground();
  }

  /** Takes the outcome of a press off the page; the hub's record of it stays. */
  dismissPress(id: Id): void {
    this.#dismissed.add(id);
    this.#outbox.dismiss(id);
  }

  /** Things that this person did here and that the hub does not have yet. */
  get undelivered(): number {
    return this.items.filter(({ state }) => state !== 'delivered' && state !== 'refused').length;
  }
}
