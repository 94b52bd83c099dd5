// What consent at the edge costs: whole decisions a second on one core, from the bytes of a signed press to
// the gate's answer, and each kind of signature alone. What it adds to a press is in press-to-picture.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { figure, progress, report, settings } from './bench.mjs';

const PROGRAMME = fileURLToPath(new URL('../../target/release/consent-bench', import.meta.url));
/** The best of a few: whatever else runs on the machine only makes it slower. */
const { json, trials } = settings(5);

const runs = [];
for (let trial = 1; trial <= trials; trial += 1) {
  progress(`run ${trial} of ${trials}`);
  runs.push(JSON.parse(execFileSync(PROGRAMME, { encoding: 'utf8' })));
}
const least = (name) => Math.min(...runs.map((run) => run[name]));
const most = (name) => Math.max(...runs.map((run) => run[name]));
const [{ decisions, signatures }] = runs;

report(
  'consent',
  [
    figure('consent/decisions', 'per second', decisions * trials, most('decisions_per_second')),
    figure('consent/verify_passkey', 'ms', signatures * trials, least('verify_passkey_ms'), 3),
    figure('consent/verify_raw', 'ms', signatures * trials, least('verify_raw_ms'), 3),
  ],
  { json },
);
