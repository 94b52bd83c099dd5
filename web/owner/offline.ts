// Registers the service worker, and asks the browser to send what waits should this page be closed.

interface Syncing {
  sync?: { register(tag: string): Promise<void> };
}

export function keepForOffline(): void {
  if (!import.meta.env.PROD) return;
  // Without one the page still works; it only cannot open without a network.
  void navigator.serviceWorker?.register('/worker.js').catch(() => undefined);
}

/** Where the browser has no background sync, the next visit sends it. */
export async function sendInBackground(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  await (registration as Syncing | undefined)?.sync?.register('outbox').catch(() => undefined);
}
