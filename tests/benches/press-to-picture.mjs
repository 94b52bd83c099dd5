// From the end of the owner's hold in Chromium to the first decoded frame of it on the operator's wall
// (another page of the same browser). Cameras make a key frame every 2 s and none on request; the
// press comes at a random moment of that interval.
import { firstFrameAfter, holdToShare, lastFrame, launch, operator, owner, tapStop } from '../browser/people.mjs';
import { Town } from '../browser/town.mjs';
import { progress, report, settings, spread } from './bench.mjs';

const how = settings(50);
const town = await Town.start({ profile: 'release', premises: ['shop'] });
const browser = await launch();
try {
  const dana = await operator(browser, await town.link('op417'));
  const maria = await owner(browser, await town.link('maria'));
  await maria.page.waitForTimeout(3_000);
  const shown = [];
  // The first one warms both pages up and is not counted.
  for (let trial = 0; trial <= how.trials; trial += 1) {
    await maria.page.waitForTimeout(Math.random() * 2_000);
    const held = await holdToShare(maria.page);
    const first = await firstFrameAfter(dana.page, held);
    if (trial > 0) shown.push(first - held);
    await tapStop(maria.page);
    await lastFrame(dana.page);
    if (trial % 20 === 0) progress(`${trial} of ${how.trials}`);
  }
  report('press-to-picture', [spread('press-to-picture/shown', 'ms', shown)], how);
} finally {
  await browser.close();
  await town.stop();
}
