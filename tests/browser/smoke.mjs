// deploy/demo --smoke: one press, one picture, one revoke through real Chromium on a release build.
// Prints the measured times; exits 0, or 1 with what failed.
import { holdToShare, launch, operator, owner, tapStop } from './people.mjs';
import { Town } from './town.mjs';

const say = (words) => console.log(words);
let town;
let browser;
try {
  say('Starting the town …');
  town = await Town.start({ profile: process.env.ASSENT_PROFILE ?? 'release' });
  browser = await launch();
  const dana = await operator(browser, await town.link('op417'));
  const maria = await owner(browser, await town.link('maria'));
  say('Operator 417 and the owner of the shop are signed in, each with a passkey.');
  await maria.page.waitForTimeout(3_000);

  const held = await holdToShare(maria.page);
  const shop = dana.page.getByTestId('tile').filter({ hasText: 'Lopez' }).and(dana.page.locator('[data-picture="live"]'));
  await shop.first().waitFor();
  const camera = await shop.first().getAttribute('data-camera');
  const first = await dana.page.evaluate(({ held, camera }) => window.frames.find((frame) => frame.at >= held && frame.camera === camera)?.at, { held, camera });
  say(`Press to picture: ${Math.round(first - held)} ms`);

  const tapped = await tapStop(maria.page);
  await maria.page.getByText('Stopped. Your device confirmed.').waitFor();
  await shop.first().waitFor({ state: 'detached' });
  const dark = await dana.page.evaluate(() => window.darkened.at(-1));
  say(`Revoke to black: ${Math.round(dark - tapped)} ms`);
  const problems = [...dana.problems, ...maria.problems];
  if (problems.length > 0) throw new Error(`The pages reported: ${problems.join('; ')}`);
  say('The smoke test passed.');
} catch (error) {
  console.error(`The smoke test failed: ${error.message}`);
  if (town) console.error(`Logs: ${town.info.folder}`);
  process.exitCode = 1;
} finally {
  await browser?.close();
  await town?.stop();
}
