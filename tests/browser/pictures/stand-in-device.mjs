// A stand-in for a device that an owner pairs: its key, its half of the pairing, and a place for the words that it
// takes without judging any. For pictures only: what a device obeys is tried on the real one.
import { createECDH, createHash, createHmac, createPrivateKey, hkdfSync, randomBytes, sign } from 'node:crypto';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

class Key {
  constructor() {
    const pair = createECDH('prime256v1');
    pair.generateKeys();
    const point = pair.getPublicKey();
    this.spki = Buffer.concat([SPKI, point]);
    this.point = pair.getPublicKey(null, 'compressed');
    this.id = sha256(this.point);
    const [x, y, d] = [point.subarray(1, 33), point.subarray(33), pair.getPrivateKey()].map((part) => Buffer.concat([Buffer.alloc(32 - part.length), part]).toString('base64url'));
    this.secret = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' });
  }

  sign(bytes) {
    return sign('sha256', bytes, { key: this.secret, dsaEncoding: 'ieee-p1363' });
  }
}

// ---- protocol buffers, as far as they are needed here

const varint = (number) => (number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...varint(number >>> 7)]);
const number = (field, value) => Buffer.from([...varint(field << 3), ...varint(value)]);
const run = (field, bytes) => Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(bytes.length)]), Buffer.from(bytes)]);

function envelope(type, payload, key) {
  const head = Buffer.concat([Buffer.from('ASSENT-SIG-v1\0'), Buffer.from([0, type.length]), Buffer.from(type)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  const signed = Buffer.concat([head, length, payload]);
  const signature = Buffer.concat([run(1, key.id), run(2, key.sign(signed))]);
  return { bytes: Buffer.concat([run(1, Buffer.from(type)), run(2, payload), run(3, signature)]), hash: sha256(signed) };
}

/** The type and payload of an envelope, and the runs of bytes by field of a message. */
function runs(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const read = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
    };
    const tag = read();
    const value = read();
    if ((tag & 7) === 2) found.push([tag >> 3, bytes.subarray(at, (at += value))]);
  }
  return found;
}

const fieldOf = (bytes, field) => runs(bytes).find(([number]) => number === field)?.[1];

export class StandInDevice {
  key = new Key();
  id = sha256(this.key.spki).toString('hex');
  secret = randomBytes(16);
  /** Nobody presses at it. */
  alone = false;
  words = {};
  refusal = null;
  #answers = new Map();

  constructor(agency = 'Springfield PD') {
    const supervisor = new Key();
    const member = Buffer.concat([run(1, supervisor.point), number(2, 1)]);
    const set = Buffer.concat([number(2, 1), run(4, member), number(5, 1), run(6, Buffer.from('https://console.example.org'))]);
    const { bytes, hash } = envelope('agency-set.1', set, supervisor);
    this.agency = { id: 'spd', name: agency, signedAs: hash.toString('hex'), envelope: bytes.toString('base64url') };
  }

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
    const inSigned = fieldOf(set, 2);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(inSigned.length);
    const setHash = sha256(Buffer.concat([Buffer.from('ASSENT-SIG-v1\0'), Buffer.from([0, 11]), Buffer.from('owner-set.1'), length, inSigned]));
    const paired = Buffer.concat([run(1, Buffer.from(this.id, 'hex')), number(2, 1), run(3, this.key.point), run(4, hash), run(5, setHash), run(6, Buffer.from(origin))]);
    const said = envelope('paired.1', paired, this.key).bytes;
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
