// Brings one kept thing to the hub: the two calls that there are, and the signature that a paired device wants.
import { call, Problem } from '$shared/api/client';
import type { Press, Revoke } from '$shared/api/shapes';
import { pressBody, revokeBody, signed, type Kept, type Seal, type Signed } from './kept';
import type { Post } from './outbox';

/** Short: the same id is sent again at once, and a dead radio link must not hold up a press. */
const TIMEOUT_MS = 4_000;

export const post: Post = {
  press: (id, body) => call<Press>('PUT', `/api/presses/${id}`, { body, timeoutMs: TIMEOUT_MS, keepalive: true }),
  revoke: (id, body) => call<Revoke>('PUT', `/api/revokes/${id}`, { body, timeoutMs: TIMEOUT_MS, keepalive: true }),
};

/** A press or a stop never fails on its signature: without one the hub still tells operators, and closes what it carries. */
export async function deliver(kept: Kept, now: () => number, post: Post, seal: Seal, again?: readonly string[]): Promise<Press | Revoke> {
  const words = await signed(kept, now(), seal, again);
  try {
    return await put(kept, words, now(), post);
  } catch (thrown) {
    const refused = thrown instanceof Problem && !thrown.passing && !thrown.signedOut;
    if (!refused || !words.envelopes) throw thrown;
    return put(kept, {}, now(), post);
  }
}

/** Its age is read last: a signature may have taken a while. */
function put(kept: Kept, words: Signed, now: number, post: Post): Promise<Press | Revoke> {
  return kept.kind === 'press'
    ? post.press(kept.id, { ...pressBody(kept, now), ...words })
    : post.revoke(kept.id, { ...revokeBody(kept), ...words });
}
