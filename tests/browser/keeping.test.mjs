// A press is kept on the phone until the hub has it, and arrives exactly once: hub down, page reloaded,
// network gone. The hub's own side of it is in tests/promises/presses.rs.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { holdToShare, launch, liveTile, operator, owner, tapStop } from './people.mjs';
import { Town } from './town.mjs';

describe('what the owner did is kept', () => {
  let town;
  let browser;
  let dana;
  let maria;

  before(async () => {
    town = await Town.start({ premises: ['shop'] });
    browser = await launch();
    dana = await operator(browser, await town.link('op417'));
    maria = await owner(browser, await town.link('maria'));
    // Only a page that has been kept on the phone can be opened without a hub.
    await maria.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await maria.page.getByText('Device connected').waitFor();
  });

  afterEach(async () => {
    await tapStop(maria.page);
    await maria.page.getByText('Stopped.').waitFor();
    await liveTile(dana.page, 'Lopez 1 Street').waitFor({ state: 'detached' });
  });

  after(async () => {
    await browser?.close();
    await town?.stop();
  });

  const pressAlerts = () => dana.page.getByTestId('headline').count();

  it('a press made while the hub is down is kept, survives a reload, and arrives once', async () => {
    await town.command('/hub', { do: 'kill' });
    await holdToShare(maria.page);
    await maria.page.getByRole('heading', { name: 'Kept on this phone' }).waitFor();
    await maria.page.reload();
    await maria.page.getByRole('heading', { name: 'Kept on this phone' }).waitFor();
    await town.command('/hub', { do: 'start' });
    await liveTile(dana.page, 'Lopez 1 Street').waitFor({ timeout: 40_000 });
    await maria.page.waitForTimeout(2_000);
    assert.equal(await pressAlerts(), 1);
  });

  it('a press made without a network goes out when it returns', async () => {
    await maria.context.setOffline(true);
    await holdToShare(maria.page);
    await maria.page.getByRole('heading', { name: 'Kept on this phone' }).waitFor();
    await maria.context.setOffline(false);
    await liveTile(dana.page, 'Lopez 1 Street').waitFor({ timeout: 40_000 });
  });

  it('a stop made without a network is kept and arrives', async () => {
    await holdToShare(maria.page);
    await liveTile(dana.page, 'Lopez 1 Street').waitFor();
    await maria.context.setOffline(true);
    await tapStop(maria.page);
    await maria.page.getByText('Your stop is kept on this phone').waitFor();
    await maria.context.setOffline(false);
    await maria.page.getByText('Stopped. Your device confirmed.').waitFor({ timeout: 40_000 });
    await holdToShare(maria.page);
  });
});
