// Brings one kept thing to the hub: the two calls that there are, and the signature that a paired device wants.
import { call, Problem } from '$shared/api/client';
import type { Press, Revoke } from '$shared/api/shapes';
import { pressBody, revokeBody, signed, type Kept, type KeptRevoke, type Seal } from './kept';
import type { Post } from './outbox';

/** Short: the same id is sent again at once, and a dead radio link must not hold up a press. */
const TIMEOUT_MS = 4_000;

export const post: Post = {
  press: (id, body) => call<Press>('PUT', `/api/presses/${id}`, { body, timeoutMs: TIMEOUT_MS, keepalive: true }),
  revoke: (id, body) => call<Revoke>('PUT', `/api/revokes/${id}`, { body, timeoutMs: TIMEOUT_MS, keepalive: true }),
};

export async function deliver(kept: Kept, now: () => number, post: Post, seal: Seal): Promise<Press | Revoke> {
  if (kept.kind === 'revoke') return stop(kept, now(), post, seal);
  const words = await signed(kept, now(), seal);
  // Its age is read last: a signature may have taken a while.
  return post.press(kept.id, { ...pressBody(kept, now()), ...words });
}

/** A stop never fails on its signature: without one the hub still closes what it carries. */
async function stop(kept: KeptRevoke, now: number, post: Post, seal: Seal): Promise<Revoke> {
  const body = revokeBody(kept);
  const words = await signed(kept, now, seal);
  try {
    return await post.revoke(kept.id, { ...body, ...words });
  } catch (thrown) {
    const refused = thrown instanceof Problem && !thrown.passing && !thrown.signedOut;
    if (!refused || !words.envelopes) throw thrown;
    return post.revoke(kept.id, body);
  }
}
