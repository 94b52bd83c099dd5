// The moods of the parts that sign: pairing, rules, people and invited phones, with real keys in the browser and a
// stand-in for hub and device.
import { Key } from '../signed-words.mjs';
import { StandInDevice } from './stand-in-device.mjs';

const ROSA = { id: '5b0d2f9e-0c1a-4f6e-9d57-0a4c5cf0a001', name: 'Rosa Delgado' };
const SHOP = '5b0d2f9e-0c1a-4f6e-9d57-0a4c5cf0a002';
const me = { ...ROSA, role: 'owner', badge: null, agency: null, passkeys: 1 };
const INSIDE = { indoor: true };

function places(device, { paired = false, online = true, cameras = [['Front door'], ['Till'], ['Delivery yard'], ['Kitchen', INSIDE]], more = {} } = {}) {
  const camera = ([name, extra], at) => ({ id: `c${at}`, name, deviceId: device.id, number: at + 1, indoor: false, condition: 'online', reason: null, masked: false, hasAudio: false, rules: [], ...extra });
  return [{
    id: SHOP, name: 'Delgado Market', kind: 'business', address: '14 Elm Street', deviceState: online ? 'online' : 'away', people: [ROSA],
    place: { lat: 39.7817213, lon: -89.6501481 }, devices: [{ id: device.id, online, paired, epoch: 1 }], cameras: cameras.map(camera), ...more,
  }];
}

async function arrive(scene, how) {
  const { hub, page, address } = scene;
  const device = (scene.device = how?.device ?? new StandInDevice());
  device.attend(hub, new URL(address).origin);
  hub.answers.set('GET /api/session', () => ({ body: me }));
  const sections = { duty: { onDuty: 2, agency: 'Springfield PD' }, premises: places(device, how), shares: [], presses: [], asks: [], viewings: [], notice: { kind: null } };
  for (const [section, value] of Object.entries(sections)) hub.say(section, value);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  await page.goto(address + (how?.fragment ?? device.fragment));
}

const click = (page, name) => page.getByRole('button', { name, exact: true }).click();
const sees = (page, words) => page.getByText(words).first().waitFor();

async function upTo(scene, step, how) {
  await arrive(scene, how);
  const { page } = scene;
  const steps = ['Make my key', 'Sign with my key', 'Sign this limit', 'Sign this rule', 'I am at the device: send'];
  for (const name of steps.slice(0, step)) await click(page, name);
}

async function paired(scene, how) {
  await upTo(scene, 5, how);
  await sees(scene.page, 'Your device is yours');
  scene.hub.say('premises', places(scene.device, { ...how, paired: true }));
  await click(scene.page, 'Go to your page');
  await sees(scene.page, 'This phone signs for you.');
}

async function rules(scene) {
  await paired(scene);
  await scene.page.getByRole('link', { name: 'Your rules' }).click();
  await sees(scene.page, '1. When I press the button');
}

async function people(scene) {
  await paired(scene);
  await scene.page.getByRole('link', { name: 'People and phones' }).click();
  await sees(scene.page, 'Owners');
}

async function invited(scene, as = 'Household or staff') {
  await people(scene);
  await click(scene.page, 'Invite another phone');
  await scene.page.getByRole('radio', { name: as }).click();
  return scene.page.getByRole('textbox').inputValue();
}

export const moods = {
  pairKey: (scene) => upTo(scene, 0),
  async pairOwners(scene) {
    await upTo(scene, 1);
    await sees(scene.page, 'You sign exactly this');
  },
  async pairLimit(scene) {
    await upTo(scene, 2);
    await sees(scene.page, 'No share may go beyond');
  },
  async pairNoCamera(scene) {
    await upTo(scene, 2);
    for (const name of ['Front door', 'Till', 'Delivery yard']) await scene.page.getByLabel(name).uncheck();
    await sees(scene.page, 'Pick at least one camera.');
  },
  async pairRule(scene) {
    await upTo(scene, 3);
    await sees(scene.page, '1. When I press the button');
  },
  async pairPress(scene) {
    await upTo(scene, 4);
    await sees(scene.page, 'Go to the device.');
  },
  async pairWaiting(scene) {
    const device = new StandInDevice();
    device.alone = true;
    await upTo(scene, 5, { device });
    await sees(scene.page, 'Confirm at the device now');
  },
  async pairNobody(scene) {
    const device = new StandInDevice();
    device.alone = true;
    await scene.page.clock.install();
    await upTo(scene, 5, { device });
    await sees(scene.page, 'Confirm at the device now');
    for (let step = 0; step < 30 && !(await scene.page.getByText('No answer came.').isVisible()); step += 1) {
      await scene.page.clock.runFor(4_000);
      await scene.page.waitForTimeout(60);
    }
    await sees(scene.page, 'No answer came.');
  },
  async pairDone(scene) {
    await upTo(scene, 5);
    await sees(scene.page, 'Your device is yours');
  },
  async pairUnknown(scene) {
    await arrive(scene, { more: { devices: [] } });
    await sees(scene.page, 'does not know this device');
  },
  async pairNoAgency(scene) {
    const device = new StandInDevice();
    device.agency = null;
    await arrive(scene, { device });
    await sees(scene.page, 'has not given the hub its signed name');
  },
  async pairBadCode(scene) {
    await arrive(scene, { fragment: '#p=abc' });
    await sees(scene.page, 'not a whole code');
  },
  pairedHome: (scene) => paired(scene),
  async strangerHome(scene) {
    await arrive(scene, { paired: true, fragment: '' });
    await sees(scene.page, 'this phone has none');
  },
  rules,
  async ruleAlert(scene) {
    await rules(scene);
    await click(scene.page, 'Add a rule for an alarm');
    await scene.page.getByLabel('Not at some hours').check();
    await sees(scene.page, 'Ask me first');
  },
  async rulesEmpty(scene) {
    await rules(scene);
    await click(scene.page, 'Change: Rule 1');
    await click(scene.page, 'Remove this rule');
    await sees(scene.page, 'No rule: nothing is ever shared.');
  },
  async ruleSign(scene) {
    await rules(scene);
    await click(scene.page, 'Add a rule for an alarm');
    await scene.page.getByLabel('Not at some hours').check();
    await click(scene.page, 'Done');
    await click(scene.page, 'Check and sign');
    await sees(scene.page, 'Read this before you sign');
  },
  async ruleRefused(scene) {
    await moods.ruleSign(scene);
    scene.device.refusal = 'Somebody else changed the rules in the meantime. Look at them again.';
    await click(scene.page, 'Sign with my key');
    await sees(scene.page, 'did not take them');
  },
  async ruleTaken(scene) {
    await moods.ruleSign(scene);
    await click(scene.page, 'Sign with my key');
    await sees(scene.page, 'has taken the new rules');
  },
  async limitChange(scene) {
    await rules(scene);
    await click(scene.page, 'Change the most that is ever allowed');
    await sees(scene.page, 'You sign exactly this');
  },
  async limitWaits(scene) {
    await moods.limitChange(scene);
    await click(scene.page, 'Sign with my key');
    await sees(scene.page, 'Confirm at the device now.');
  },
  people,
  async invite(scene) {
    await invited(scene);
  },
  async join(scene) {
    const link = await invited(scene);
    await scene.page.goto(link);
    await click(scene.page, 'Make my key');
    await sees(scene.page, 'The number on this phone');
  },
  async joinBad(scene) {
    await arrive(scene, { fragment: '#i=abc' });
    await sees(scene.page, 'not whole');
  },
  async admit(scene) {
    await admitting(scene);
  },
  async admitWho(scene) {
    await admitting(scene);
    await click(scene.page, 'Yes, the same');
    await scene.page.getByRole('textbox').fill('Sam Okafor');
  },
  async admitSign(scene) {
    await moods.admitWho(scene);
    await click(scene.page, 'Check and sign');
    await sees(scene.page, 'You sign exactly this');
  },
  async peopleThree(scene) {
    await moods.admitSign(scene);
    await click(scene.page, 'Sign with my key');
    await sees(scene.page, 'Sam Okafor is in.');
    await scene.page.getByRole('link', { name: 'People and phones' }).click();
    await sees(scene.page, 'Household');
  },
  async cancelKey(scene) {
    await moods.peopleThree(scene);
    await scene.page.getByRole('button', { name: 'Cancel the key: Sam Okafor' }).click();
    await sees(scene.page, 'is cancelled for good');
  },
  async rulesAway(scene) {
    await rules(scene);
    scene.hub.answers.set('GET /api/devices/', () => ({ status: 503, body: { detail: 'The hub cannot be reached at the moment.' } }));
    scene.hub.answers.delete(`GET /api/devices/${scene.device.id}/words`);
    await scene.page.getByRole('button', { name: 'Close' }).click();
    await scene.page.getByRole('link', { name: 'Your rules' }).click();
    await sees(scene.page, 'could not be reached');
  },
};

/** Somebody else's phone, with a key of its own. */
async function admitting(scene) {
  await people(scene);
  const phone = new Key().point.toString('base64url');
  await scene.page.goto(`${scene.address}#k=${scene.device.id}.1.${phone}`);
  await sees(scene.page, 'Does the other phone show this very number?');
}
