// Who is signed in at this console, and the ways in: a passkey, or a one-time link the first time. What the person
// may then do is the hub's decision.
import { call, Problem, sentenceOf } from '$shared/api/client';
import { personSaidNo, signInWithPasskey } from '$shared/api/passkey';
import type { Me } from '$shared/api/shapes';

export type Session =
  | { state: 'looking' }
  | { state: 'signedOut'; problem: string | null }
  | { state: 'needsPasskey'; me: Me }
  | { state: 'signedIn'; me: Me }
  | { state: 'wrongPage'; me: Me };

export class SessionHolder {
  now = $state.raw<Session>({ state: 'looking' });
  busy = $state(false);

  async begin(): Promise<void> {
    const token = takeToken();
    if (token) return this.#attempt(async () => (await call<{ me: Me }>('POST', '/api/session/link', { body: { token } })).me);
    try {
      this.#enter(await call<Me>('GET', '/api/session'));
    } catch (problem) {
      const expected = problem instanceof Problem && problem.signedOut;
      this.now = { state: 'signedOut', problem: expected ? null : sentenceOf(problem) };
    }
  }

  passkey(): Promise<void> {
    return this.#attempt(signInWithPasskey);
  }

  /** The passkey is made, or the person will do it later. */
  goOn(me: Me): void {
    this.now = { state: 'signedIn', me };
  }

  lost(): void {
    this.now = { state: 'signedOut', problem: 'You were signed out. Sign in again to go on.' };
  }

  async leave(): Promise<void> {
    await call('DELETE', '/api/session').catch(() => undefined);
    this.now = { state: 'signedOut', problem: null };
  }

  async #attempt(way: () => Promise<Me>): Promise<void> {
    this.busy = true;
    try {
      this.#enter(await way());
    } catch (thrown) {
      this.now = { state: 'signedOut', problem: personSaidNo(thrown) ? null : sentenceOf(thrown) };
    } finally {
      this.busy = false;
    }
  }

  #enter(me: Me): void {
    if (me.role !== 'operator') this.now = { state: 'wrongPage', me };
    else this.now = me.passkeys > 0 ? { state: 'signedIn', me } : { state: 'needsPasskey', me };
  }
}

/** Reads `#link=<token>` (or `#/enter/<token>`) and takes it out of the address, so that it stays neither on screen
 *  nor in history. */
export function takeToken(): string | null {
  if (!bringsToken()) return null;
  const token = /^#(?:link=|\/enter\/)([\w.~-]{8,256})$/.exec(location.hash)?.[1] ?? null;
  history.replaceState(null, '', location.pathname);
  return token;
}

export const bringsToken = () => /^#(link=|\/enter\/)/.test(location.hash);
