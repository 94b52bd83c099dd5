// Calls to the hub: one fetch wrapper that turns every failure into a `Problem` with a sentence a person can
// read, and a bounded retry for calls that may safely be made twice. What to call, and when, is not here.

export interface CallOptions {
  body?: unknown;
  /** Sent as Idempotency-Key, which every POST has: give it where the call may be sent again. PUTs to an id of the
      caller's own need none. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** For bodies that are not JSON, such as application/sdp. */
  contentType?: string;
  /** Lets the call finish although the page is being left. */
  keepalive?: boolean;
  headers?: Record<string, string>;
}

/** Longer than a hub takes under load, shorter than a frightened person waits. */
const TIMEOUT_MS = 8_000;

interface ProblemDocument {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  requestId?: string;
}

/** A failed call. `status` 0 means that no answer came at all. */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly slug: string,
    readonly status: number,
    /** The public sentence, fit to be shown. */
    readonly sentence: string,
    readonly requestId: string | null = null,
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${slug} (${status}): ${sentence}`);
  }

  /** The hub never heard us, or asks us to come back: the same call may be made again. */
  get passing(): boolean {
    return this.slug === 'under-way' || [0, 408, 425, 429, 502, 503, 504].includes(this.status);
  }

  get signedOut(): boolean {
    return this.status === 401;
  }
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as T;
  const type = response.headers.get('content-type') ?? '';
  return (type.includes('json') ? await response.json() : await response.text()) as T;
}

async function send(method: string, path: string, options: CallOptions): Promise<Response> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  // Not AbortSignal.any: phones of 2022 lack it.
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  signal?.addEventListener('abort', giveUp);
  try {
    return await fetch(path, { ...request(method, options), signal: abort.signal });
  } catch {
    if (signal?.aborted) throw new Problem('aborted', -1, 'This was given up.');
    throw new Problem('unreachable', 0, 'The hub could not be reached.');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

function request(method: string, { body, idempotencyKey, contentType, keepalive = false, headers: more }: CallOptions): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json, */*;q=0.5', ...more };
  const key = idempotencyKey ?? (method === 'POST' ? crypto.randomUUID() : null);
  if (key) headers['idempotency-key'] = key;
  const request: RequestInit = { method, headers, keepalive, credentials: 'same-origin', cache: 'no-store' };
  if (body === undefined) return request;
  headers['content-type'] = contentType ?? 'application/json';
  return { ...request, body: contentType ? (body as BodyInit) : JSON.stringify(body) };
}

async function problemOf(response: Response): Promise<Problem> {
  const document = await readDocument(response);
  const slug = document.type?.replace(/^urn:assent:problem:/, '') ?? `http-${response.status}`;
  const sentence = document.detail ?? document.title ?? `The hub answered with an error (${response.status}).`;
  const after = Number(response.headers.get('retry-after'));
  const retryAfterMs = Number.isFinite(after) && after > 0 ? after * 1_000 : null;
  return new Problem(slug, response.status, sentence, document.requestId ?? null, retryAfterMs);
}

async function readDocument(response: Response): Promise<ProblemDocument> {
  if (!response.headers.get('content-type')?.includes('json')) return {};
  try {
    return (await response.json()) as ProblemDocument;
  } catch {
    return {};
  }
}

/** Doubles from `firstMs` to `longestMs`, with up to a half of jitter, so that a town's phones spread out. */
export function backOffMs(attempt: number, firstMs: number, longestMs: number, random = Math.random): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + random() / 2));
}

/** Makes the call up to `attempts` times while the failure is a passing one. Only for idempotent calls. */
export async function retried<T>(attempts: number, make: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await make();
    } catch (problem) {
      const last = attempt + 1 >= attempts;
      if (last || !(problem instanceof Problem) || !problem.passing) throw problem;
      await pause(problem.retryAfterMs ?? backOffMs(attempt, 300, 4_000));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof Problem ? thrown.sentence : 'Something went wrong on this page. Please try again.';
}
