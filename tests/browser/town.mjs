// The demo town for scripts: starts the `town` programme, gives it commands, and ends it. Which build is
// used says ASSENT_PROFILE (debug unless it is told otherwise).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Films are encoded at the very first start of a build; everything later takes seconds. */
const UP_WITHIN_MS = 180_000;

export class Town {
  /** @param {{profile?: 'debug'|'release', isolated?: boolean, premises?: string[], plan?: string}} how */
  static async start({ profile = process.env.ASSENT_PROFILE ?? 'debug', isolated = false, premises = [], plan = 'springfield' } = {}) {
    const flags = ['--with-parent', '--plan', plan];
    if (isolated) flags.push('--isolated');
    if (premises.length > 0) flags.push('--premises', premises.join(','));
    const child = spawn(`${ROOT}/target/${profile}/town`, flags, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece) => (said = (said + piece).slice(-8_000)));
    const line = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the town was not up in ${UP_WITHIN_MS / 1_000} s: ${said}`)), UP_WITHIN_MS);
      createInterface({ input: child.stdout }).once('line', (text) => (clearTimeout(late), resolve(text)));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the town ended with ${code}: ${said}`)));
    });
    return new Town(child, JSON.parse(line));
  }

  constructor(child, info) {
    this.child = child;
    this.info = info;
  }

  /** A command of tests/src/town/door.rs. */
  async command(path, body) {
    const answer = await fetch(this.info.commands + path, body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${said.problem}`);
    return said;
  }

  /** A fresh one-time sign-in link. */
  async link(person) {
    return (await this.command(`/links/${person}`, {})).url;
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    await gone;
  }
}
