// The owner's page against a whole town: real hub, real device, real cameras, real Chromium. What is tested is
// what the page tells the owner, above all while something is broken. That a press arrives exactly once is in
// keeping.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findings, holdButton, holdToShare, launch, operator, owner, SOON_MS, stopButton, tapStop } from './people.mjs';
import { Town } from './town.mjs';

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

/** An owner of the shop, at home, with the device in reach of the hub. */
async function atHome(person, how = { passkey: false }) {
  const someone = await owner(browser, await town.link(person), how);
  await someone.page.getByText('Device connected').waitFor();
  return someone;
}

const says = (page, words) => page.getByText(words).first().waitFor({ timeout: SOON_MS });
const done = (page, step) => page.locator('li.done', { hasText: step });
const hub = (what) => town.command('/hub', { do: what });

async function leave({ context, problems, page }) {
  if (await stopButton(page).isVisible()) {
    await tapStop(page);
    await says(page, 'Stopped. Your device confirmed.');
  }
  assert.deepEqual(problems, []);
  await context.close();
}

test('whether anybody is on duty is said before the press', async () => {
  const maria = await atHome('maria');
  await says(maria.page, 'Nobody is on duty at Springfield PD right now.');
  const dana = await operator(browser, await town.link('op417'), { passkey: false });
  await says(maria.page, '1 operator is on duty at Springfield PD.');
  await dana.context.close();
  await says(maria.page, 'Nobody is on duty at Springfield PD right now.');
  await leave(maria);
});

test('on the wall is not acknowledged: that is the operator’s own act, and every look leaves a line', async () => {
  const maria = await atHome('maria');
  const luis = await atHome('luis');
  const dana = await operator(browser, await town.link('op417'), { passkey: false });
  await maria.page.getByRole('radio', { name: 'Panic' }).click();
  await holdToShare(maria.page);
  await done(maria.page, 'On the operators’ wall').waitFor();
  await says(maria.page, 'No operator has acknowledged yet');
  await says(maria.page, '1 watching');
  await says(luis.page, 'Maria Lopez pressed');
  assert.deepEqual(await findings(maria.page), []);
  await dana.page.keyboard.press('a');
  await done(maria.page, 'Acknowledged by operator 417').waitFor();
  await tapStop(luis.page);
  await says(luis.page, 'Stopped. Your device confirmed.');
  await says(maria.page, 'Seen by operator 417.');
  await holdButton(maria.page).waitFor();
  await dana.context.close();
  await leave(luis);
  await leave(maria);
});

test('a share can be taken back as a mistake in its first seconds', async () => {
  const maria = await atHome('maria');
  await holdToShare(maria.page);
  await done(maria.page, 'Live from your cameras').waitFor();
  await maria.page.getByRole('button', { name: /A mistake/ }).click();
  await says(maria.page, 'It was cancelled as a mistake.');
  await leave(maria);
});

test('a staff alert becomes a panic by a second press, while the first goes on', async () => {
  const maria = await atHome('maria');
  await holdToShare(maria.page);
  await done(maria.page, 'Live from your cameras').waitFor();
  await maria.page.getByRole('button', { name: 'Press again: for longer, or as panic' }).click();
  await maria.page.getByRole('radio', { name: 'Panic' }).click();
  await holdToShare(maria.page);
  await maria.page.getByRole('button', { name: 'Press again: for longer, or as panic' }).waitFor();
  await done(maria.page, 'Live from your cameras').nth(1).waitFor();
  await leave(maria);
});

test('whoever uses keys holds a key, and whoever cannot hold answers a question', async () => {
  const maria = await atHome('maria');
  await maria.page.getByRole('button', { name: 'Drill' }).press('Space');
  await holdButton(maria.page).focus();
  await maria.page.keyboard.down('Enter');
  await maria.page.waitForTimeout(1_000);
  await maria.page.keyboard.up('Enter');
  await says(maria.page, 'That was too short.');
  await maria.page.keyboard.down('Enter');
  await done(maria.page, 'Live from your cameras').waitFor();
  await maria.page.keyboard.up('Enter');
  await tapStop(maria.page);
  await holdButton(maria.page).waitFor();
  // What a screen reader sends: a click that no finger made.
  await holdButton(maria.page).evaluate((button) => button.click());
  await maria.page.getByRole('button', { name: 'Yes, share now' }).click();
  await done(maria.page, 'Live from your cameras').waitFor();
  await leave(maria);
});

test('a press that is older than two minutes arrives as a message and opens nothing', async () => {
  const maria = await atHome('maria');
  await maria.page.clock.install();
  await hub('kill');
  await holdButton(maria.page).evaluate((button) => button.click());
  await maria.page.getByRole('button', { name: 'Yes, share now' }).click();
  await done(maria.page, 'Kept on this phone').waitFor();
  await maria.page.clock.fastForward(125_000);
  await says(maria.page, 'More than two minutes old');
  await hub('start');
  await says(maria.page, 'Arrived as a message');
  await holdButton(maria.page).waitFor();
  assert.equal(await stopButton(maria.page).isVisible(), false, 'nothing is shared, so there is nothing to stop');
  await leave(maria);
});

test('a stop made without a hub is kept through a reload, and nothing says stopped before the device did', async () => {
  const maria = await atHome('maria');
  await holdToShare(maria.page);
  await done(maria.page, 'Live from your cameras').waitFor();
  await hub('kill');
  await tapStop(maria.page);
  await says(maria.page, 'Your stop is kept on this phone and is being sent.');
  await maria.page.reload();
  await says(maria.page, 'Your stop is kept on this phone and is being sent.');
  await stopButton(maria.page).waitFor();
  assert.equal(await maria.page.getByText('Stopped.').isVisible(), false);
  await hub('start');
  await says(maria.page, 'Stopped. Your device confirmed.');
  await leave(maria);
});

// Last, because whoever has a passkey is not offered one any more.
test('a sign-in link works once, and the passkey made with it afterwards', async () => {
  const link = await town.link('maria');
  const maria = await owner(browser, link);
  assert.equal(new URL(maria.page.url()).hash, '', 'the spent link is not left in the address');
  await maria.page.getByRole('button', { name: /Maria/ }).click();
  await maria.page.getByRole('button', { name: 'Sign out' }).click();
  await maria.page.goto(link);
  await maria.page.reload();
  await says(maria.page, 'This link did not work');
  await maria.page.getByRole('button', { name: 'Go to sign-in' }).click();
  await maria.page.getByRole('button', { name: 'Sign in with your passkey' }).click();
  await holdButton(maria.page).waitFor();
  await leave(maria);
});
