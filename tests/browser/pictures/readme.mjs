// The README's two pictures, from a running demo town on a release build: the console during a panic press and the
// owner's phone while it shares. Use: npm --prefix web run build && node tests/browser/pictures/readme.mjs [FOLDER]
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { holdToShare, launch, liveTile, operator, owner } from '../people.mjs';
import { Town } from '../town.mjs';
import { withFewColours } from './palette.mjs';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../../deploy/pictures', import.meta.url));
const CONSOLE = { width: 1600, height: 900 };
const LARGEST_BYTES = 400_000;
/** Until the small tiles have changed to their own streams and the numbers on the page have settled. */
const SETTLED_MS = 4_000;
const NOTE = 'Two men at the counter, one with a bat';

const town = await Town.start({ profile: process.env.ASSENT_PROFILE ?? 'release' });
const browser = await launch();
try {
  await mkdir(folder, { recursive: true });
  const dana = await operator(browser, await town.link('op417'));
  await dana.page.setViewportSize(CONSOLE);
  await dana.page.keyboard.press('4');
  // Off the tiles, which show their buttons under the pointer.
  await dana.page.mouse.move(2, 2);
  const sam = await operator(browser, await town.link('op418'));
  const maria = await owner(browser, await town.link('maria'));
  await maria.page.getByText('2 operators are on duty').waitFor();
  await maria.page.getByText('Device connected').waitFor();

  await maria.page.getByRole('radio', { name: 'Panic' }).click();
  await maria.page.getByLabel('Tell the operators more').fill(NOTE);
  await holdToShare(maria.page);
  await liveTile(dana.page, 'Lopez 1').waitFor();
  await liveTile(dana.page, 'Lopez 2').waitFor();
  await dana.page.waitForTimeout(SETTLED_MS);
  await keep(dana.page, 'console.png');

  await sam.page.keyboard.press('a');
  await maria.page.getByText('Operator 418 has acknowledged').waitFor();
  await maria.page.waitForTimeout(SETTLED_MS);
  await keep(maria.page, 'phone.png');
} finally {
  await browser.close();
  await town.stop();
}

async function keep(page, name) {
  const path = `${folder}/${name}`;
  await writeFile(path, withFewColours(await page.screenshot()));
  const { size } = await stat(path);
  console.log(`${path}: ${Math.round(size / 1_000)} kB`);
  if (size > LARGEST_BYTES) throw new Error(`${name} is larger than ${LARGEST_BYTES / 1_000} kB`);
}
