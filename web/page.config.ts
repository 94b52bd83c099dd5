// How one page is built: each page is a site of its own (its own host name, its own copy of the shared
// parts), so that the console's files can never be served to the owner's origin. Nothing is inlined, because
// the hub's content security policy allows only files.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { PluginOption, UserConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function page(name: 'owner' | 'console', plugins: PluginOption[] = []): UserConfig {
  const hub = process.env['ASSENT_HUB'] ?? 'http://127.0.0.1:8080';
  return {
    root: here(`./${name}`),
    cacheDir: here(`./node_modules/.vite-${name}`),
    plugins: [svelte({ configFile: false }), ...plugins],
    resolve: { alias: { $shared: here('./shared') } },
    build: {
      outDir: here(`./dist/${name}`),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
    },
    server: {
      host: '127.0.0.1',
      allowedHosts: [`${name}.localhost`],
      // The hub chooses the page by host name and checks the origin, so both are those of the real page.
      proxy: { '/api': { target: hub, headers: { host: `${name}.localhost`, origin: `http://${name}.localhost` } } },
    },
  };
}
