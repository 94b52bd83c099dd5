// The two calls that the outbox makes.
import { call } from '$shared/api/client';
import type { Press, Revoke } from '$shared/api/shapes';
import type { Post } from './outbox';

/** Short: the same id is sent again at once, and a dead radio link must not hold up a press. */
const TIMEOUT_MS = 4_000;

export const post: Post = {
  press: (id, body) => call<Press>('PUT', `/api/presses/${id}`, { body, timeoutMs: TIMEOUT_MS, keepalive: true }),
  revoke: (id, body) => call<Revoke>('PUT', `/api/revokes/${id}`, { body, timeoutMs: TIMEOUT_MS, keepalive: true }),
};
