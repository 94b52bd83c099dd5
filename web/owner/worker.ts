// The service worker: keeps this build's files, so that the page opens without a network, and sends what waits on
// the phone when the network returns after the page was closed (where the browser offers background sync).
// It never answers for the hub: calls to /api/ pass it by.
import { call } from '$shared/api/client';
import type { Me } from '$shared/api/shapes';
import { openKeeping } from './keep/database';
import { inSendingOrder } from './keep/kept';
import { deliver, post } from './keep/post';
import { phoneSigning } from './signing/phone';

/** Filled in by worker.build.ts: every file of this build, and a name for exactly this set. */
declare const __FILES__: string[];
declare const __BUILD__: string;

/** A dead radio link must not keep the page from opening out of its own memory. */
const NETWORK_PATIENCE_MS = 2_500;

interface Extendable extends Event {
  waitUntil(until: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker extends EventTarget {
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}
const worker = self as unknown as Worker;
const name = `assent-${__BUILD__}`;

worker.addEventListener('install', (event) => {
  (event as Extendable).waitUntil(keepFiles());
});

worker.addEventListener('activate', (event) => {
  (event as Extendable).waitUntil(dropOldFiles());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event as Fetching;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || pathname.startsWith('/api/')) return;
  (event as Fetching).respondWith(request.mode === 'navigate' ? openPage(request) : openFile(request));
});

worker.addEventListener('sync', (event) => {
  (event as Extendable).waitUntil(sendWaiting());
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(name);
  await cache.addAll(__FILES__.map((file) => new Request(file, { cache: 'reload' })));
  await worker.skipWaiting();
}

async function dropOldFiles(): Promise<void> {
  const old = (await caches.keys()).filter((other) => other.startsWith('assent-') && other !== name);
  await Promise.all(old.map((other) => caches.delete(other)));
  await worker.clients.claim();
}

async function openPage(request: Request): Promise<Response> {
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(NETWORK_PATIENCE_MS) });
    if (fresh.ok) return fresh;
  } catch {
    // No network: the kept page below.
  }
  return (await caches.match('/')) ?? Response.error();
}

async function openFile(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

/** One round; what fails stays kept, and the browser calls again. */
async function sendWaiting(): Promise<void> {
  const keeping = openKeeping();
  const waiting = await keeping.all();
  if (waiting.length === 0) return;
  const { id } = await call<Me>('GET', '/api/session');
  const signing = await phoneSigning();
  for (const kept of inSendingOrder(waiting.filter(({ personId }) => personId === id))) {
    const { state } = await deliver(kept, () => Date.now(), post, signing.seal);
    if (kept.kind === 'press' || state !== 'received') await keeping.change([], [kept.id]);
  }
}
