// What consent keeps in this browser: the phone's key, the passkeys that it knows, and the devices it is paired with.
// It outlives signing out: keys belong to the phone, not to a session. Nothing of it but the key is secret, and the
// key cannot be taken out.
import type { Bytes } from './bytes';

const NAME = 'assent-consent';
const VERSION = 2;
const STORES = ['keys', 'passkeys', 'devices'] as const;
type Store = (typeof STORES)[number];

/** What the page remembers of a passkey, so as to ask for it again. Nothing of it is secret. */
export interface Passkey {
  /** The authenticator's own name for it. */
  readonly credential: Bytes;
  readonly point: Bytes;
}

/** A device that knows this phone's key, as this phone knows it. */
export interface OwnDevice {
  /** Hex. */
  readonly id: string;
  readonly premisesId: string;
  readonly epoch: bigint;
  /** Its own key, compressed: what its receipts are checked with. */
  readonly key: Bytes;
  readonly origins: readonly string[];
  /** The newest words that this phone has checked, as envelopes. */
  readonly ownerSet: Bytes;
  readonly ceiling: Bytes | null;
  readonly policy: Bytes | null;
  /** What agencies are called in signed words (hex), by the hub's own id of each. */
  readonly agencies: Readonly<Record<string, string>>;
}

export async function ownDevices(): Promise<OwnDevice[]> {
  return within('devices', 'readonly', (store) => store.getAll() as IDBRequest<OwnDevice[]>);
}

export async function keepDevice(device: OwnDevice): Promise<void> {
  await within('devices', 'readwrite', (store) => store.put(device, device.id));
}

export async function ownPasskeys(): Promise<Passkey[]> {
  return within('passkeys', 'readonly', (store) => store.getAll() as IDBRequest<Passkey[]>);
}

export async function keepPasskey(passkey: Passkey): Promise<void> {
  await within('passkeys', 'readwrite', (store) => store.put(passkey, passkey.point));
}

/** One transaction in one store; resolves when it is on the phone's disk. */
export async function within<T>(name: Store, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openDatabase();
  try {
    const transaction = database.transaction(name, mode, { durability: 'strict' });
    const request = act(transaction.objectStore(name));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const has = request.result.objectStoreNames;
    for (const store of STORES) if (!has.contains(store)) request.result.createObjectStore(store);
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
