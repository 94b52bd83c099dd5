// Unit tests of both pages: pure modules and small parts, in happy-dom, without a hub.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  resolve: {
    alias: { $shared: fileURLToPath(new URL('./shared', import.meta.url)) },
    conditions: ['browser'],
  },
  test: {
    environment: 'happy-dom',
    include: ['{shared,owner,console}/**/*.test.ts'],
  },
});
