// Signing in: one-time links work once, passkeys afterwards, each page only for its own people.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { holdButton, launch, operator, owner } from './people.mjs';
import { Town } from './town.mjs';

describe('doors', () => {
  let town;
  let browser;

  before(async () => {
    town = await Town.start({ premises: ['shop'] });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await town?.stop();
  });

  it('an operator signs out and comes back with the passkey', async () => {
    const { page } = await operator(browser, await town.link('op417'));
    await page.evaluate(() => fetch('/api/session', { method: 'DELETE', headers: { 'idempotency-key': crypto.randomUUID() } }));
    await page.reload();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByTestId('wall').waitFor();
  });

  it('an owner signs out and comes back with the passkey', async () => {
    const { page } = await owner(browser, await town.link('maria'));
    await page.evaluate(() => fetch('/api/session', { method: 'DELETE', headers: { 'idempotency-key': crypto.randomUUID() } }));
    await page.reload();
    await page.getByRole('button', { name: 'Sign in with your passkey' }).click();
    await holdButton(page).waitFor();
  });

  it('a link works once', async () => {
    const link = await town.link('op418');
    const first = await operator(browser, link, { passkey: false });
    await first.context.close();
    const page = await (await browser.newContext()).newPage();
    await page.goto(link);
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByTestId('wall').count(), 0);
  });

  it('the console is only for operators', async () => {
    const link = new URL(await town.link('maria'));
    link.hostname = 'console.localhost';
    const page = await (await browser.newContext()).newPage();
    await page.goto(link.href);
    await page.getByTestId('door').waitFor();
    await page.waitForTimeout(1_500);
    assert.equal(await page.getByTestId('wall').count(), 0);
  });
});
