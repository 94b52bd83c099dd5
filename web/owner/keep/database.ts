// The phone's own memory, in IndexedDB: what waits to be sent, and the last that the hub told us, so that the
// page works after a reload without a network. Knows nothing of sending.
import type { Kept } from './kept';

const NAME = 'assent-owner';
const VERSION = 1;

export interface Keeping {
  /** Keeps and forgets in one step; resolves when it is on the phone's disk. */
  change(keep: Kept[], forget: string[]): Promise<void>;
  all(): Promise<Kept[]>;
  remember(key: string, value: unknown): Promise<void>;
  recall<T>(key: string): Promise<T | undefined>;
  /** For signing out: nothing of this person stays. */
  erase(): Promise<void>;
}

export function openKeeping(): Keeping {
  let opened: Promise<IDBDatabase> | null = null;
  const database = () => (opened ??= open().catch((failure: unknown) => {
    opened = null;
    throw failure;
  }));

  async function write(stores: string[], act: (transaction: IDBTransaction) => void): Promise<void> {
    // Strict: the press must be on disk, not in a cache, before the page says "kept".
    const transaction = (await database()).transaction(stores, 'readwrite', { durability: 'strict' });
    act(transaction);
    await finished(transaction);
  }

  return {
    change: (keep, forget) =>
      write(['kept'], (transaction) => {
        const store = transaction.objectStore('kept');
        for (const item of keep) store.put(item);
        for (const id of forget) store.delete(id);
      }),
    all: async () => answer<Kept[]>((await database()).transaction('kept').objectStore('kept').getAll()),
    remember: (key, value) => write(['known'], (transaction) => transaction.objectStore('known').put(value, key)),
    recall: async (key) => answer((await database()).transaction('known').objectStore('known').get(key)),
    erase: () =>
      write(['kept', 'known'], (transaction) => {
        transaction.objectStore('kept').clear();
        transaction.objectStore('known').clear();
      }),
  };
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('kept', { keyPath: 'id' });
    request.result.createObjectStore('known');
  };
  return answer(request);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
