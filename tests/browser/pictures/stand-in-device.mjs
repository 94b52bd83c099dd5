// A stand-in for a device that an owner pairs: its key, its half of the pairing, and a place for the words that it
// takes without judging any. For pictures only: what a device obeys is tried on the real one.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { agency, envelope, fieldOf, Key, number, run, sha256, signedBytes } from '../signed-words.mjs';

export class StandInDevice {
  key = new Key();
  id = sha256(this.key.spki).toString('hex');
  secret = randomBytes(16);
  /** Nobody presses at it. */
  alone = false;
  words = {};
  refusal = null;
  #answers = new Map();

  agency = { id: 'spd', name: 'Springfield PD', ...agency('https://console.example.org') };

  get fragment() {
    return `#p=${this.id}.${this.secret.toString('base64url')}`;
  }

  /** What the hub says for it. */
  attend(hub, origin) {
    hub.answers.set(`POST /api/mailbox/${this.id}`, (hello) => ({ status: 202, body: { hash: this.#hear(hello, origin) } }));
    hub.answers.set(`GET /api/mailbox/${this.id}`, async (_, hash) => this.#answer(hash));
    hub.answers.set(`GET /api/devices/${this.id}/words`, () => ({ body: { ownerSet: null, policy: null, ceiling: null, ...this.words, agencies: this.agency ? [this.agency] : [] } }));
    hub.answers.set(`POST /api/devices/${this.id}/words`, ({ envelopes }) => ({ body: { words: envelopes.map((text) => this.#take(text)) } }));
    hub.answers.set(`POST /api/devices/${this.id}/nonces`, () => ({ body: { nonce: randomBytes(16).toString('hex'), livesMs: 60_000 } }));
  }

  #hear(body, origin) {
    const hash = sha256(body);
    const hello = body.subarray(32);
    const [set, ceiling, policy] = [2, 3, 4].map((field) => fieldOf(hello, field));
    const setHash = sha256(signedBytes('owner-set.1', fieldOf(set, 2)));
    const paired = Buffer.concat([run(1, Buffer.from(this.id, 'hex')), number(2, 1), run(3, this.key.point), run(4, hash), run(5, setHash), run(6, Buffer.from(origin))]);
    const said = envelope('paired.1', paired, (signed) => this.key.raw(signed)).bytes;
    const k = hkdfSync('sha256', this.secret, Buffer.from(this.id, 'hex'), 'ASSENT-PAIR-v1', 32);
    const mac = createHmac('sha256', Buffer.from(k)).update('device\0').update(said).digest();
    this.#answers.set(hash.toString('hex'), Buffer.concat([mac, said]));
    this.proposed = { ownerSet: set, ceiling, policy };
    return hash.toString('hex');
  }

  async #answer(hash) {
    if (this.alone) {
      await new Promise((done) => setTimeout(done, 500));
      return { status: 204 };
    }
    for (const [kind, bytes] of Object.entries(this.proposed)) this.words[kind] = bytes.toString('base64url');
    return { body: this.#answers.get(hash) };
  }

  #take(text) {
    const type = fieldOf(Buffer.from(text, 'base64url'), 1).toString();
    const kind = { 'owner-set.1': 'ownerSet', 'policy.1': 'policy', 'ceiling.1': 'ceiling' }[type];
    if (this.refusal && kind) return { accepted: false, waitsForPress: false, refusal: 'wrongPrevious', detail: this.refusal };
    if (kind === 'ceiling') return { accepted: false, waitsForPress: true, refusal: null, detail: null };
    if (kind) this.words[kind] = text;
    return { accepted: true, waitsForPress: false, refusal: null, detail: null };
  }
}
