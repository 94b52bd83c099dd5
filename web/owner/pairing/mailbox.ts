// The hub's mailbox: leaves a hello for a device and waits for its answer. It carries bytes that it cannot make.
import { call, Problem } from '$shared/api/client';
import { hex, type Bytes } from '../consent/bytes';

/** The hub lets us wait 25 s at a time. */
const WAIT_MS = 28_000;
/** A hub that answers at once, as before a restart, is not asked without a pause. */
const PAUSE_MS = 1_500;

export async function leave(device: Bytes, body: Bytes): Promise<void> {
  await call('POST', `/api/mailbox/${hex(device)}`, { body, contentType: 'application/octet-stream' });
}

/** The device's answer, or null when there was none until `until`. A lost line is tried again. */
export async function answer(device: Bytes, hash: Bytes, until: number, gone: AbortSignal): Promise<Bytes | null> {
  while (Date.now() < until && !gone.aborted) {
    const began = Date.now();
    const said = await once(`/api/mailbox/${hex(device)}/${hex(hash)}`, gone).catch(passing);
    if (said) return said;
    const rest = PAUSE_MS - (Date.now() - began);
    if (rest > 0) await new Promise((done) => setTimeout(done, rest));
  }
  return null;
}

async function once(path: string, gone: AbortSignal): Promise<Bytes | null> {
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  const timer = setTimeout(giveUp, WAIT_MS);
  gone.addEventListener('abort', giveUp);
  try {
    const response = await fetch(path, { signal: abort.signal, cache: 'no-store', credentials: 'same-origin' });
    if (response.status === 204) return null;
    if (!response.ok) throw new Problem(`http-${response.status}`, response.status, 'The hub did not let this page wait for the device.');
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', giveUp);
  }
}

/** A line that broke is no answer; a hub that says no is the end of it. */
function passing(failure: unknown): null {
  if (failure instanceof Problem && !failure.passing) throw failure;
  return null;
}
