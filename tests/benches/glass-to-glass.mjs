// The time that the live test camera draws into its picture, against the time at which that picture is
// on the operator's screen: camera encoding, RTSP, CORE, WebRTC, hub, WebRTC, decoding, on loopback.
import { holdToShare, launch, operator, owner } from '../browser/people.mjs';
import { readStamp } from '../browser/stamp.mjs';
import { Town } from '../browser/town.mjs';
import { progress, report, settings, spread } from './bench.mjs';

const how = settings(200);
const STAMPED = 'Lopez 1 Street';
const town = await Town.start({ profile: 'release', premises: ['shop'] });
const browser = await launch();
try {
  const dana = await operator(browser, await town.link('op417'));
  const maria = await owner(browser, await town.link('maria'));
  await maria.page.waitForTimeout(3_000);
  await holdToShare(maria.page);
  const tile = dana.page.getByTestId('tile').filter({ hasText: STAMPED }).and(dana.page.locator('[data-picture="live"]'));
  await tile.waitFor();
  // The start of a share is sent as fast as it goes; what counts is how it runs.
  await dana.page.waitForTimeout(5_000);
  progress('measuring');
  const video = tile.locator('video');
  const ages = await video.evaluate(
    (video, { trials, source }) => {
      const read = new Function(`return ${source}`)();
      return new Promise((resolve) => {
        const ages = [];
        const next = (now, frame) => {
          const stamp = read(video);
          if (stamp !== null) ages.push(performance.timeOrigin + frame.expectedDisplayTime - stamp);
          if (ages.length >= trials) resolve(ages);
          else video.requestVideoFrameCallback(next);
        };
        video.requestVideoFrameCallback(next);
      });
    },
    { trials: how.trials, source: readStamp.toString() },
  );
  report('glass-to-glass', [spread('glass-to-glass/shown', 'ms', ages)], how);
} finally {
  await browser.close();
  await town.stop();
}
