// The owner's page: how it is built is in page.config.ts, how it opens without a network in worker.build.ts.
import { defineConfig } from 'vite';
import { page } from '../page.config.ts';
import { serviceWorker } from './worker.build.ts';

export default defineConfig(page('owner', [serviceWorker()]));
