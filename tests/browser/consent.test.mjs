// Consent at the edge, as an owner does it: a real device is paired by its code, its rules are read and signed, another
// phone comes in and goes again. Hub, device and Chromium are real; the passkeys are the browser's own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findings, holdButton, holdToShare, launch, owner, SOON_MS, tapStop } from './people.mjs';
import { agency } from './signed-words.mjs';
import { Town } from './town.mjs';

const LOOK_MS = 100;

let town;
let browser;
let maria;

before(async () => {
  town = await Town.start({ premises: ['shop'] });
  nameAgency();
  browser = await launch();
  maria = await owner(browser, await town.link('maria'), { passkey: false });
  await maria.page.getByText('Device connected').waitFor();
});

after(async () => {
  await browser?.close();
  await town?.stop();
});

/** The agency tells the hub its own keys, by which owners name it. */
function nameAgency() {
  const { folder, console: page } = town.info;
  const roster = readFileSync(`${folder}/town.toml`, 'utf8');
  const named = `${folder}/named.toml`;
  writeFileSync(named, roster.replace('[agency]\n', `[agency]\nset = "${agency(page).envelope}"\n`));
  const hub = fileURLToPath(new URL(`../../target/${process.env.ASSENT_PROFILE ?? 'debug'}/assent-hub`, import.meta.url));
  execFileSync(hub, ['admin', '--data-dir', `${folder}/hub`, 'import', named]);
}

const says = (page, words) => page.getByText(words).first().waitFor({ timeout: SOON_MS });
const tap = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** What somebody at the device does or sees there. */
async function atDevice(what, method = 'GET') {
  const answer = await fetch(town.info.devices[0].localPage + what, { method, headers: { accept: 'application/json' } });
  return answer.json();
}

async function until(what, holds) {
  for (const end = Date.now() + SOON_MS; !(await holds()); ) {
    assert.ok(Date.now() < end, `not in time: ${what}`);
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

/** Waits until the device asks somebody there, and says yes. */
async function confirm(what) {
  await until(`the device asks about a ${what}`, async () => (await atDevice('status')).owner.waits === what);
  assert.deepEqual(await atDevice('confirm', 'POST'), { confirmed: what });
}

/** Somebody's own page, whatever part of it is open. */
async function home(page) {
  const close = page.getByRole('button', { name: 'Close' });
  if (await close.isVisible()) await close.click();
}

const done = (page, step) => page.locator('li.done', { hasText: step });
const device = (what) => town.command('/devices/shop', { do: what });

async function stop(page) {
  await tapStop(page);
  await says(page, 'Stopped. Your device confirmed.');
  await holdButton(page).waitFor();
}

const accessible = async ({ page }) => assert.deepEqual(await findings(page), []);

test('the code on the device makes it the owner’s, who has read every word before signing it', async () => {
  const { page } = maria;
  const { url } = await atDevice('pair', 'POST');
  await page.goto(url);
  await says(page, 'Make Lopez Corner Store yours');
  await accessible(maria);
  await tap(page, 'Make my key');
  await says(page, '“Maria Lopez”, the passkey with the key');
  await tap(page, 'Sign with my key');
  await says(page, 'No share may go beyond:');
  await accessible(maria);
  await tap(page, 'Sign this limit');
  await says(page, /^1\. When I press the button: .*Springfield PD, 30 minutes, with the 15 seconds before\.$/);
  await tap(page, 'Sign this rule');
  assert.equal((await atDevice('status')).owner.waits, null, 'nothing is sent before the owner is at the device');
  await tap(page, 'I am at the device: send');
  await says(page, 'Confirm at the device now');
  await accessible(maria);
  assert.equal((await atDevice('status')).owner.paired, false);
  await confirm('pairing');
  await says(page, 'Your device is yours');
  const { paired, ownerSet, policy, ceiling } = (await atDevice('status')).owner;
  assert.deepEqual({ paired, ownerSet, policy, ceiling }, { paired: true, ownerSet: 1, policy: 1, ceiling: 1 });
  await tap(page, 'Go to your page');
  assert.equal(new URL(page.url()).hash, '', 'the spent code is not left in the address');
  await says(page, 'This device obeys your keys only. This phone signs for you.');
});

test('a phone that has no key here is told so before it presses, and the device shows its code to nobody', async () => {
  const luis = await owner(browser, await town.link('luis'), { passkey: false });
  assert.equal((await atDevice('pair', 'POST')).url, undefined, 'a device with an owner shows no code');
  await luis.page.getByText('The device here obeys its owner’s keys only').first().waitFor();
  await accessible(luis);
  await luis.context.close();
});

test('a press is signed on the phone without a question, and so is the stop', async () => {
  const { page } = maria;
  const [press, revoke] = ['presses', 'revokes'].map((what) => page.waitForRequest((request) => request.url().includes(`/api/${what}/`)));
  await holdToShare(page);
  await done(page, 'Live from your cameras').waitFor();
  assert.equal((await atDevice('status')).shares.length > 0, true);
  await stop(page);
  assert.deepEqual((await atDevice('status')).shares, []);
  for (const request of [await press, await revoke]) assert.equal(request.postDataJSON().envelopes.length, 1);
});

test('a press with what the device called fresh before it restarted is signed once more, and opens', async () => {
  const { page } = maria;
  await device('kill');
  await says(page, 'Device not connected');
  await device('start');
  await says(page, 'Device connected');
  await holdToShare(page);
  await done(page, 'Live from your cameras').waitFor();
  await stop(page);
});

test('a press while the device is away is heard at once, and opens when it is back', async () => {
  const { page } = maria;
  await device('kill');
  await says(page, 'Device not connected');
  await holdToShare(page);
  await done(page, 'Received by the hub').waitFor();
  assert.equal(await done(page, 'Live from your cameras').isVisible(), false);
  await device('start');
  await done(page, 'Live from your cameras').waitFor();
  await stop(page);
});

test('rules are in force when the device has taken them, in the words that were signed', async () => {
  const { page } = maria;
  await page.getByRole('link', { name: 'Your rules' }).click();
  await tap(page, 'Change: Rule 1');
  await page.getByLabel('For how long?').selectOption({ label: '5 minutes' });
  await tap(page, 'Done');
  await tap(page, 'Add a rule for an alarm');
  await page.getByLabel('Not at some hours').check();
  await accessible(maria);
  await tap(page, 'Done');
  await tap(page, 'Check and sign');
  await says(page, /^1\. When I press the button: .*Springfield PD, 5 minutes/);
  await says(page, /^2\. When Springfield PD’s gunshot alarm fires .*not between 22:00 and 06:00\.$/);
  await accessible(maria);
  await tap(page, 'Sign with my key');
  await says(page, 'Your device has taken the new rules.');
  assert.equal((await atDevice('status')).owner.policy, 2);
  await page.reload();
  await says(page, /^1\. When I press the button: .*Springfield PD, 5 minutes/);
  await home(page);
});

test('a yes to an alarm is signed on the phone, and opens what the rule says', async () => {
  const { page } = maria;
  await page.getByRole('link', { name: 'Your rules' }).click();
  await tap(page, 'Change: Rule 2');
  await page.getByLabel('Ask me first').check();
  await page.getByLabel('Not at some hours').uncheck();
  await tap(page, 'Done');
  await tap(page, 'Check and sign');
  await says(page, /^2\. When Springfield PD’s gunshot alarm fires anywhere and I say yes: /);
  await tap(page, 'Sign with my key');
  await says(page, 'Your device has taken the new rules.');
  await home(page);
  await town.command('/alert', { premises: 'shop', kind: 'gunshot' });
  await says(page, 'A gunshot detector heard shots');
  assert.deepEqual((await atDevice('status')).shares, []);
  await tap(page, 'Yes, share');
  await says(page, 'Live now');
  await stop(page);
});

test('the limit changes only when somebody at the device says yes', async () => {
  const { page } = maria;
  await page.getByRole('link', { name: 'Your rules' }).click();
  await tap(page, 'Change the most that is ever allowed');
  await page.getByLabel('One share lasts at most').selectOption({ label: '1 hour' });
  await tap(page, 'Sign with my key');
  await says(page, 'Confirm at the device now.');
  assert.equal((await atDevice('status')).owner.ceiling, 1);
  await confirm('ceiling');
  await says(page, 'The new limit is in force.');
  assert.equal((await atDevice('status')).owner.ceiling, 2);
  await home(page);
});

/** Luis's phone, by two links and one number; `how` is what Maria says of it. */
async function comesIn(as, how) {
  const { page } = maria;
  await page.getByRole('link', { name: 'People and phones' }).click();
  await tap(page, 'Invite another phone');
  await page.getByRole('radio', { name: as }).click();
  const invitation = await page.getByRole('textbox', { name: 'Send the link' }).inputValue();
  const luis = await owner(browser, await town.link('luis'), { passkey: false });
  await luis.page.goto(invitation);
  await tap(luis.page, 'Make my key');
  const number = await luis.page.getByText(/^\d{4} \d{4} \d{4}$/).textContent();
  const application = await luis.page.getByRole('textbox').inputValue();
  await accessible(luis);
  await page.goto(application);
  await says(page, number);
  await tap(page, 'Yes, the same');
  await page.getByLabel('Whose phone is it?').fill('Luis');
  await how(page);
  await accessible(maria);
  await tap(page, 'Check and sign');
  await says(page, /^“Luis/);
  await tap(page, 'Sign with my key');
  await says(page, 'Luis is in. Your device has taken the new key.');
  await says(luis.page, 'Your key counts now.');
  await tap(luis.page, 'Go to your page');
  await says(luis.page, 'This phone signs for you.');
  return luis;
}

async function cancelled(name) {
  const { page } = maria;
  await page.getByRole('link', { name: 'People and phones' }).click();
  await tap(page, `Cancel the key: ${name}`);
  await says(page, 'is cancelled for good, and what it opened ends.');
  await tap(page, 'Sign with my key');
  await says(page, 'The key is cancelled.');
  await home(page);
}

test('another phone comes in by two links and one number, and goes again with its key', async () => {
  const luis = await comesIn('Household or staff', (page) => page.getByRole('radio', { name: 'Staff' }).click());
  assert.equal((await atDevice('status')).owner.ownerSet, 2);
  await holdToShare(luis.page);
  await done(luis.page, 'Live from your cameras').waitFor();
  await cancelled('Luis');
  await until('what the key opened has ended', async () => (await atDevice('status')).shares.length === 0);
  assert.equal((await atDevice('status')).owner.ownerSet, 3);
  await luis.page.reload();
  await says(luis.page, 'The device here obeys its owner’s keys only');
  assert.deepEqual(luis.problems, []);
  await luis.context.close();
});

test('another owner reads the rules that are in force, and changes them with a passkey of the own', async () => {
  const luis = await comesIn('Another owner', async () => undefined);
  const { page } = luis;
  const before = (await atDevice('status')).owner.policy;
  await page.getByRole('link', { name: 'Your rules' }).click();
  await tap(page, 'Change: Rule 1');
  await page.getByLabel('For how long?').selectOption({ label: '15 minutes' });
  await tap(page, 'Done');
  await tap(page, 'Check and sign');
  await tap(page, 'Sign with my key');
  await says(page, 'Your device has taken the new rules.');
  assert.equal((await atDevice('status')).owner.policy, before + 1);
  await maria.page.getByRole('link', { name: 'Your rules' }).click();
  await says(maria.page, /^1\. When I press the button: .*Springfield PD, 15 minutes/);
  await home(maria.page);
  assert.deepEqual(luis.problems, []);
  await luis.context.close();
});

test('the page reported no problem of its own', () => assert.deepEqual(maria.problems, []));
