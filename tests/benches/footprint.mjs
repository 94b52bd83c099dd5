// Resident memory and processor time of hub and CORE: the hub with nothing going on, the CORE with four
// armed cameras of 2 + 0.5 Mbit/s and nobody watching, and both while a picture is live with one and
// with nine viewers (each a WebRTC peer of its own, without a browser, which would need the cores itself).
import { Town } from '../browser/town.mjs';
import { figure, progress, report, settings } from './bench.mjs';

const how = settings(50);
/** A second a sample, so `--trials` is also the length of each case in seconds. */
const EVERY_MS = 1_000;
const SETTLE_MS = 8_000;

/** Means over the samples: MiB and percent of one core. */
async function measure(town, premises) {
  const hub = { memory: 0, from: 0, to: 0 };
  const core = { memory: 0, from: 0, to: 0 };
  const began = Date.now();
  for (let sample = 0; sample <= how.trials; sample += 1) {
    const usage = await town.command('/usage');
    for (const [sum, now] of [[hub, usage.hub], [core, usage.devices[premises]]]) {
      if (sample === 0) sum.from = now.ticks;
      else sum.memory += now.residentKib / 1_024 / how.trials;
      sum.to = now.ticks;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  const hundredths = (Date.now() - began) / 10;
  const part = ({ memory, from, to }) => ({ memory, cpu: ((to - from) / hundredths) * 100 });
  return { hub: part(hub), core: part(core) };
}

const rows = (name, { memory, cpu }) => [figure(`footprint/${name}`, 'MB', how.trials, memory), figure(`footprint/${name}_cpu`, '%', how.trials, cpu)];
const results = [];
const town = await Town.start({ profile: 'release', plan: 'four-cameras' });
try {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  progress('armed, nobody watches');
  const idle = await measure(town, 'shop');
  results.push(...rows('core_armed_4', idle.core), ...rows('hub_idle', idle.hub));

  await town.command('/share', { by: 'maria' });
  for (const count of [1, 9]) {
    await town.command('/viewers', { by: 'op417', count });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    progress(`live with ${count} viewers`);
    const live = await measure(town, 'shop');
    results.push(...rows(`hub_live_${count}`, live.hub), ...rows(`core_live_${count}`, live.core));
  }
  report('footprint', results, how);
} finally {
  await town.stop();
}
