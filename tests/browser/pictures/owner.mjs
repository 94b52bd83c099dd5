// Pictures of the owner's page in each of its moods, at phone, small phone and desk size, with axe's findings for each.
// Use: node tests/browser/pictures/owner.mjs FOLDER [NAME…]
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findings, launch } from '../people.mjs';
import { moods as signing } from './consent-moods.mjs';
import { moods as plain } from './owner-moods.mjs';
import { StandIn } from './stand-in.mjs';

const [folder = '/tmp/pictures', ...only] = process.argv.slice(2);
const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 }, small: { width: 320, height: 568 } };
const built = fileURLToPath(new URL('../../../web/dist/owner', import.meta.url));

await mkdir(folder, { recursive: true });
const moods = { ...plain, ...signing };
const browser = await launch();
let found = 0;
for (const [name, mood] of Object.entries(moods)) {
  if (only.length > 0 && !only.includes(name)) continue;
  for (const [size, viewport] of Object.entries(SIZES)) {
    const hub = await new StandIn().start(built);
    const context = await browser.newContext({ viewport, deviceScaleFactor: size !== 'desk' ? 2 : 1, hasTouch: size !== 'desk', locale: 'en-US', timezoneId: 'America/Chicago', serviceWorkers: 'block' });
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text()) && console.log(`${name}/${size}: ${message.text()}`));
    page.on('pageerror', (error) => console.log(`${name}/${size}: ${error}`));
    const address = `http://owner.localhost:${hub.port}/`;
    await mood({ hub, page, address, size });
    await page.waitForTimeout(350);
    await page.screenshot({ path: `${folder}/${name}-${size}.png` });
    await page.screenshot({ path: `${folder}/${name}-${size}-full.png`, fullPage: true });
    for (const finding of await findings(page)) {
      found += 1;
      console.log(`${name}/${size}: ${finding}`);
    }
    await context.close();
    hub.stop();
  }
}
await browser.close();
console.log(`${found} accessibility findings; pictures in ${folder}`);
process.exitCode = found > 0 ? 1 : 0;
