// What every bench shares: its arguments, the statistics of its trials, and how results are told: as a
// readable table, or with --json as one object on the last line.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `--json`, `--trials N`. */
export function settings(trials) {
  const args = process.argv.slice(2);
  const at = args.indexOf('--trials');
  return { json: args.includes('--json'), trials: at >= 0 ? Number(args[at + 1]) : trials };
}

/** Progress goes to standard error, so that the last line of standard output is the result. */
export function progress(words) {
  process.stderr.write(`${words}\n`);
}

/** A case of many trials. */
export function spread(name, unit, values) {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share) => round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]);
  return { case: name, unit, n: sorted.length, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: round(sorted.at(-1)) };
}

/** A case of one figure; with more digits where it is small. */
export function figure(name, unit, n, value, digits = 1) {
  return { case: name, unit, n, value: Number(value.toFixed(digits)) };
}

export function report(bench, results, { json }) {
  if (json) {
    console.log(JSON.stringify({ bench, commit: commit(), machine: machine(), results }));
    return;
  }
  console.log(`${bench} at ${commit()} on ${machine()}`);
  for (const { case: name, unit, n, value, p50, p95, p99, max } of results) {
    const figures = value === undefined ? `p50 ${p50}  p95 ${p95}  p99 ${p99}  max ${max}` : `${value}`;
    console.log(`  ${name.padEnd(34)} ${figures} ${unit}  (n = ${n})`);
  }
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function commit() {
  const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
  return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '+' : '');
}

function machine() {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const debian = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  return `${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${debian}, Linux ${release().split('-')[0]}`;
}
