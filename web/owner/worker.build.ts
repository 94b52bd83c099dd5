// Builds the service worker as the last step of the page's build: one classic file that knows every file of that
// build, so that nothing is missing when the page opens without a network.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const NAME = 'worker.js';
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function serviceWorker(): Plugin {
  return {
    name: 'assent-service-worker',
    apply: 'build',
    closeBundle: { sequential: true, order: 'post', handler: () => buildWorker(here('../dist/owner')) },
  };
}

async function buildWorker(built: string): Promise<void> {
  const files = readdirSync(built, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== NAME)
    .map((entry) => join(entry.parentPath, entry.name).slice(built.length).replaceAll('\\', '/'))
    .toSorted();
  const contents = createHash('sha256');
  for (const file of files) contents.update(file).update(readFileSync(built + file));
  await build({
    configFile: false,
    root: here('.'),
    publicDir: false,
    logLevel: 'warn',
    resolve: { alias: { $shared: here('../shared') } },
    define: {
      __FILES__: JSON.stringify(files.map((file) => (file === '/index.html' ? '/' : file))),
      __BUILD__: JSON.stringify(contents.digest('hex').slice(0, 16)),
    },
    build: {
      outDir: built,
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: 'worker.ts', formats: ['iife'], name: 'worker', fileName: () => NAME },
    },
  });
}
