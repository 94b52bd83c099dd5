// A stand-in for the hub that serves one built page with the hub's security headers and says whatever a script
// wants it to say. For pictures and accessibility checks only; what the product does is tried on the real hub.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
  "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export class StandIn {
  sections = {};
  /** Calls by "METHOD /path": (request body, matched rest) -> {status, body} */
  answers = new Map();
  deaf = false;
  received = [];
  #streams = new Set();
  #next = 1;

  async start(folder) {
    this.folder = folder;
    this.server = createServer((request, response) => void this.#serve(request, response));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.port = this.server.address().port;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Cuts or restores the network between page and hub. */
  setDeaf(deaf) {
    this.deaf = deaf;
    if (deaf) this.server.closeAllConnections();
  }

  say(section, value) {
    this.sections[section] = value;
    for (const stream of this.#streams) this.#write(stream, section);
  }

  #write(stream, section) {
    stream.write(`id: ${this.#next++}\nevent: ${section}\ndata: ${JSON.stringify(this.sections[section])}\n\n`);
  }

  async #serve(request, response) {
    if (this.deaf) return request.socket.destroy();
    const { pathname } = new URL(request.url, 'http://x');
    if (pathname === '/api/stream') return this.#stream(response);
    if (pathname.startsWith('/api/')) return this.#api(request, pathname, response);
    const file = pathname === '/' ? '/index.html' : normalize(pathname);
    try {
      const body = await readFile(join(this.folder, file));
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  #stream(response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    for (const section of Object.keys(this.sections)) this.#write(response, section);
  }

  async #api(request, path, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    const isJson = request.headers['content-type']?.includes('json');
    const body = bytes.length === 0 ? undefined : isJson ? JSON.parse(bytes.toString()) : bytes;
    this.received.push({ method: request.method, path, body });
    const key = [...this.answers.keys()].find((key) => `${request.method} ${path}`.startsWith(key));
    const { status = 200, body: said } = key ? await this.answers.get(key)(body, path.split('/').at(-1)) : { status: 404, body: { title: 'Unknown' } };
    const type = Buffer.isBuffer(said) ? 'application/octet-stream' : status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type });
    response.end(said === undefined || Buffer.isBuffer(said) ? said : JSON.stringify(said));
  }
}
