// The owner's page: how it is built is in page.config.ts.
import { defineConfig } from 'vite';
import { page } from '../page.config.ts';

export default defineConfig(page('owner'));
