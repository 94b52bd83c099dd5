// What an operator asks of the hub about alerts and incidents. Both are PUTs to a known id, so that asking twice
// is asking once; failures come back as sentences.
import { call, retried, sentenceOf } from '$shared/api/client';
import { toasts } from '$shared/ui/toasts.svelte';

/** Three tries within a few seconds: a restarting hub is back by then, and a person is told if not. */
const TRIES = 3;

export async function acknowledge(alertId: string): Promise<boolean> {
  return told(`/api/alerts/${alertId}/acknowledgement`, {});
}

export async function clearIncident(incidentId: string, note: string): Promise<boolean> {
  return told(`/api/incidents/${incidentId}/clear`, { note: note.trim() || null });
}

async function told(path: string, body: unknown): Promise<boolean> {
  try {
    await retried(TRIES, () => call('PUT', path, { body }));
    return true;
  } catch (problem) {
    toasts.say(sentenceOf(problem), 'high');
    return false;
  }
}
