// People in real Chromium: an owner at a phone and an operator at a desk, each with a passkey of the
// DevTools virtual authenticator. What they do is what people do: open a link, hold a button, press a key.
import { createRequire } from 'node:module';

const fromWeb = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = fromWeb('playwright-core');
const { default: AxeBuilder } = fromWeb('@axe-core/playwright');

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
export const HOLD_MS = 1_500;
/** A debug build on two busy cores. */
export const SOON_MS = 20_000;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
      // Two pages in one browser: neither may be put to sleep because the other is in front.
      '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding', '--disable-background-timer-throttling',
    ],
  });
}

/** A page of one person's own browser profile, with a key that says yes to every question. */
async function profile(browser, viewport, phone) {
  const context = await browser.newContext({ viewport, hasTouch: phone, deviceScaleFactor: phone ? 2 : 1, locale: 'en-US', timezoneId: 'America/Chicago' });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON_MS);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text())) problems.push(message.text());
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { context, page, devtools, authenticatorId, problems };
}

/** Opens the one-time link and makes a passkey, as on the first day. */
export async function operator(browser, link, { passkey = true } = {}) {
  const person = await profile(browser, DESK, false);
  await person.page.addInitScript(watchFrames);
  await person.page.goto(link);
  await person.page.getByRole('button', { name: passkey ? 'Make a passkey' : 'Not now' }).click();
  await person.page.getByTestId('wall').waitFor();
  return person;
}

export async function owner(browser, link, { passkey = true } = {}) {
  const person = await profile(browser, PHONE, true);
  await person.page.goto(link);
  await person.page.getByRole('button', { name: passkey ? 'Make a passkey' : 'Not now' }).click();
  await holdButton(person.page).waitFor();
  return person;
}

export function holdButton(page) {
  return page.getByRole('button', { name: /^Share, .*Hold/ });
}

export function stopButton(page) {
  return page.getByRole('button', { name: /^STOP/ });
}

/** Holds until the ring is full; answers when the hold was complete, in ms of Unix time. */
export async function holdToShare(page) {
  const button = holdButton(page);
  // In the middle: at an edge the bar with STOP lies over it.
  await button.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));
  const box = await button.boundingBox();
  await page.evaluate(() => {
    addEventListener('pointerdown', () => (window.heldFrom = performance.timeOrigin + performance.now()), { capture: true, once: true });
  });
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.waitForTimeout(HOLD_MS + 120);
  await page.mouse.up();
  return (await page.evaluate(() => window.heldFrom)) + HOLD_MS;
}

/** Taps STOP; answers when, in ms of Unix time. */
export async function tapStop(page) {
  const button = stopButton(page).first();
  await button.waitFor();
  await page.evaluate(() => {
    addEventListener('click', () => (window.tappedAt = performance.timeOrigin + performance.now()), { capture: true, once: true });
  });
  await button.click();
  return page.evaluate(() => window.tappedAt);
}

/** A tile that shows a camera's live picture. */
export function liveTile(page, camera) {
  const named = camera ? page.getByTestId('tile').filter({ hasText: camera }) : page.getByTestId('tile');
  return named.and(page.locator('[data-picture="live"]'));
}

/** Axe's findings as short lines. */
export async function findings(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.slice(0, 3).map(({ target }) => target).join(' | ')}`);
}

/**
 * Runs in the console before its own scripts: notes for every video element when frames were on the
 * screen, `window.frames` = [{camera, at, live}], `at` in ms of Unix time. `live` says whether the page
 * showed it, which it does only when it belongs to the camera of the tile. `window.darkened` = [at] says
 * when a tile that had shown a live picture was painted without it.
 */
function watchFrames() {
  window.frames = [];
  window.darkened = [];
  new MutationObserver((changes) => {
    const gone = changes.some(({ target, oldValue }) => oldValue === 'live' && target.dataset?.picture !== 'live');
    // The change is on the screen with the next frame that is painted.
    if (gone) requestAnimationFrame(() => window.darkened.push(performance.timeOrigin + performance.now()));
  }).observe(document, { subtree: true, attributeFilter: ['data-picture'], attributeOldValue: true });
  const seen = new WeakSet();
  const follow = (video) => {
    if (seen.has(video)) return;
    seen.add(video);
    const next = (now, frame) => {
      const tile = video.closest('[data-testid=tile]');
      window.frames.push({ camera: tile?.dataset.camera ?? null, at: performance.timeOrigin + Math.max(now, frame.presentationTime), live: tile?.dataset.picture === 'live' });
      if (window.frames.length > 20_000) window.frames.splice(0, 10_000);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  };
  new MutationObserver(() => document.querySelectorAll('video').forEach(follow)).observe(document, { childList: true, subtree: true });
}

/** The first frame that the wall had on the screen at or after `from`; waits for it. */
export async function firstFrameAfter(page, from, patience = SOON_MS) {
  const found = await page.waitForFunction((from) => window.frames.find((frame) => frame.at >= from && frame.camera), from, { timeout: patience, polling: 20 });
  return (await found.jsonValue()).at;
}

/** When the wall's last frame was on the screen, once none has come for `quiet` ms. */
export async function lastFrame(page, quiet = 600, patience = SOON_MS) {
  const found = await page.waitForFunction(
    (quiet) => {
      const last = window.frames.at(-1)?.at ?? 0;
      return performance.timeOrigin + performance.now() - last > quiet && { last };
    },
    quiet,
    { timeout: patience, polling: 50 },
  );
  return (await found.jsonValue()).last;
}

/** When the wall's tiles were painted without their live pictures, the last of them after `from`. */
export async function darkAfter(page, from, patience = SOON_MS) {
  await page.waitForFunction((from) => window.darkened.some((at) => at >= from) && !document.querySelector('[data-testid=tile][data-picture=live]'), from, { timeout: patience, polling: 50 });
  return page.evaluate(() => window.darkened.at(-1));
}
