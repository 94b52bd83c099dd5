// The whole path in real Chromium, on a whole town: an owner at a phone, operators at their desks. Times
// are only bounded here; they are measured in tests/benches.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findings, holdButton, holdToShare, launch, liveTile, operator, owner, stopButton, tapStop } from './people.mjs';
import { Town } from './town.mjs';

describe('first light', () => {
  let town;
  let browser;
  let dana;
  let sam;
  let maria;

  before(async () => {
    town = await Town.start({ premises: ['shop', 'square'] });
    browser = await launch();
    dana = await operator(browser, await town.link('op417'));
    sam = await operator(browser, await town.link('op418'));
    maria = await owner(browser, await town.link('maria'));
  });

  after(async () => {
    await browser?.close();
    await town?.stop();
  });

  it('the agency’s own cameras are on the wall under a standing policy', async () => {
    await liveTile(dana.page, 'Square 1 Market').waitFor();
  });

  it('the owner reads whether anybody is on duty before pressing', async () => {
    await maria.page.getByText('2 operators are on duty at Springfield PD.').waitFor();
  });

  it('a hold that is too short shares nothing and says so', async () => {
    const box = await holdButton(maria.page).boundingBox();
    await maria.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await maria.page.mouse.down();
    await maria.page.waitForTimeout(500);
    await maria.page.mouse.up();
    await maria.page.getByText('That was too short').waitFor();
    assert.equal(await stopButton(maria.page).count(), 0);
  });

  it('a full hold brings both cameras of the shop to the wall by themselves', async () => {
    await holdToShare(maria.page);
    await dana.page.getByTestId('headline').filter({ hasText: 'Lopez Corner Store' }).waitFor();
    await liveTile(dana.page, 'Lopez 1 Street').waitFor();
    await liveTile(dana.page, 'Lopez 2 Counter').waitFor();
  });

  it('on the wall is not acknowledged, until an operator acts', async () => {
    await maria.page.getByText('The pictures are shown. Nobody has acknowledged yet.').waitFor();
    // The console takes the key only for an alarm that has been in front long enough to be read.
    await dana.page.waitForTimeout(600);
    await dana.page.keyboard.press('a');
    await maria.page.getByRole('heading', { name: 'Operator 417 has acknowledged' }).waitFor();
    await sam.page.getByTestId('acknowledged-by').filter({ hasText: '417' }).waitFor();
  });

  it('the owner sees who is watching', async () => {
    await maria.page.getByText('Operator 417').first().waitFor();
  });

  it('a camera that freezes is not shown as live', async () => {
    await town.command('/cameras/Lopez 1 Street', { trouble: 'stalled' });
    await liveTile(dana.page, 'Lopez 1 Street').waitFor({ state: 'detached' });
    await town.command('/cameras/Lopez 1 Street', { trouble: 'none' });
    await liveTile(dana.page, 'Lopez 1 Street').waitFor();
  });

  it('STOP is on the screen, ends the pictures, and is confirmed by the device', async () => {
    await tapStop(maria.page);
    await maria.page.getByText('Stopped. Your device confirmed.').waitFor();
    await liveTile(dana.page, 'Lopez 1 Street').waitFor({ state: 'detached' });
    await liveTile(dana.page, 'Lopez 2 Counter').waitFor({ state: 'detached' });
    await liveTile(dana.page, 'Square 1 Market').waitFor();
  });

  it('both pages can be used by people who cannot see or use a mouse', async () => {
    assert.deepEqual(await findings(dana.page), [], 'console');
    assert.deepEqual(await findings(maria.page), [], 'owner’s page');
  });

  it('neither page reported a problem', () => {
    assert.deepEqual([...dana.problems, ...sam.problems, ...maria.problems], []);
  });
});
