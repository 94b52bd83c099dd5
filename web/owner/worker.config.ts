// Builds the service worker after the page: one classic file that knows every file of the page's build, so that
// nothing is missing when it opens without a network.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const built = fileURLToPath(new URL('../dist/owner', import.meta.url));
const files = readdirSync(built, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== 'worker.js')
  .map((entry) => join(entry.parentPath, entry.name).slice(built.length).replaceAll('\\', '/'))
  .toSorted();
const build = createHash('sha256');
for (const file of files) build.update(file).update(readFileSync(built + file));

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  resolve: { alias: { $shared: fileURLToPath(new URL('../shared', import.meta.url)) } },
  define: {
    __FILES__: JSON.stringify(files.map((file) => (file === '/index.html' ? '/' : file))),
    __BUILD__: JSON.stringify(build.digest('hex').slice(0, 16)),
  },
  build: {
    outDir: built,
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'worker.ts', formats: ['iife'], name: 'worker', fileName: () => 'worker.js' },
  },
});
