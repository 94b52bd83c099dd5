// From the owner's tap on STOP in Chromium until the operator's wall is painted without the picture
// (`shown`), to the last new frame that it had on the screen (`last-frame`), and to the last media packet
// that left the device, as the kernel saw it on the cable (`packet`). The device lives in a network
// namespace of its own, so this bench needs root.
import { darkAfter, firstFrameAfter, holdToShare, lastFrame, launch, operator, owner, tapStop } from '../browser/people.mjs';
import { Town } from '../browser/town.mjs';
import { progress, report, settings, spread } from './bench.mjs';

const how = settings(200);
const town = await Town.start({ profile: 'release', isolated: true, premises: ['shop'] });
const browser = await launch();
try {
  const dana = await operator(browser, await town.link('op417'));
  const maria = await owner(browser, await town.link('maria'));
  await maria.page.waitForTimeout(3_000);
  const shown = [];
  const lastShown = [];
  const packet = [];
  for (let trial = 0; trial <= how.trials; trial += 1) {
    const held = await holdToShare(maria.page);
    await firstFrameAfter(dana.page, held);
    await maria.page.waitForTimeout(700 + Math.random() * 600);
    const tapped = await tapStop(maria.page);
    const dark = await darkAfter(dana.page, tapped);
    const last = await lastFrame(dana.page);
    const { lastAtMs } = await town.command('/left/0');
    if (trial > 0) {
      shown.push(dark - tapped);
      // Nothing new came after the tap: that counts as none.
      lastShown.push(Math.max(0, last - tapped));
      packet.push(Math.max(0, lastAtMs - tapped));
    }
    if (trial % 20 === 0) progress(`${trial} of ${how.trials}`);
  }
  report('revoke-to-black', [spread('revoke-to-black/shown', 'ms', shown), spread('revoke-to-black/last-frame', 'ms', lastShown), spread('revoke-to-black/packet', 'ms', packet)], how);
} finally {
  await browser.close();
  await town.stop();
}
