// The moods of the owner's page: what the hub says and what the person does, until the picture is worth taking.
const t = (seconds) => new Date(Date.now() + seconds * 1_000).toISOString();
const SPD = { id: 'spd', name: 'Springfield PD' };
const ROSA = { id: 'rosa', name: 'Rosa Delgado' };
const SAM = { id: 'sam', name: 'Sam Okafor' };
const me = { ...ROSA, role: 'owner', badge: null, agency: null, passkeys: 1 };
const DOOR = { id: 'c1', name: 'Front door' };
const TILL = { id: 'c2', name: 'Till' };
const YARD = { id: 'c3', name: 'Delivery yard' };
const camera = (named, more) => ({ ...named, condition: 'online', reason: null, masked: false, hasAudio: false, rules: [], ...more });
const shop = {
  id: 'shop', name: 'Delgado Market', kind: 'business', address: '14 Elm Street', deviceState: 'online', people: [ROSA, SAM],
  cameras: [
    camera(DOOR, { rules: ['Shares with Springfield PD when you press, for up to 2 hours.', 'Shares with Springfield PD on these alerts: gunshot, for up to 10 minutes, within 300 m.'] }),
    camera(TILL, { rules: ['Shares with Springfield PD when you press, for up to 2 hours.'], masked: true, hasAudio: true }),
    camera(YARD, { condition: 'wrongPassword', reason: 'The camera refuses the name or password that your device has for it.' }),
  ],
};
const share = (more) => ({ id: 'g1', premises: { id: 'shop', name: shop.name }, cameras: [DOOR, TILL], agency: SPD, cause: 'press', state: 'live', askedAt: t(-80), liveAt: t(-79), endsAt: t(461), endedAt: null, endCause: null, refusal: null, rights: { audio: false, preRoll: false, record: false }, incidentId: 'i1', pressId: 'p1', renews: false, ...more });
const press = (more) => ({ id: 'p1', premisesId: 'shop', state: 'opened', level: 'panic', silent: false, drill: false, by: ROSA, receivedAt: t(-80), openedAt: t(-79), onWallAt: t(-78), acknowledged: null, cancellableUntil: t(-75), shareIds: ['g1'], refusal: null, ...more });
const viewing = (id, badge, named, from, to, more) => ({ id, camera: named, premisesId: 'shop', badge, agency: SPD, reason: 'Panic press at Delgado Market', startedAt: t(from), firstFrameAt: t(from + 0.4), endedAt: to === null ? null : t(to), incidentId: 'i1', ...more });
const before = [
  viewing('v9', '417', DOOR, -90_000, -89_400), viewing('v8', '417', TILL, -90_000, -89_500),
  viewing('v7', '22', DOOR, -400_000, -399_990, { reason: 'Drill at Delgado Market' }), viewing('v6', '22', DOOR, -500_000, -499_000, { firstFrameAt: null }),
];

function quiet(hub, more = {}) {
  hub.answers.set('GET /api/session', () => ({ body: me }));
  const sections = { duty: { onDuty: 2, agency: SPD.name }, premises: [shop], shares: [], presses: [], asks: [], viewings: before, notice: { kind: null }, ...more };
  for (const [section, value] of Object.entries(sections)) hub.say(section, value);
}

async function home({ hub, page, address }, more) {
  quiet(hub, more);
  await page.goto(address);
  await page.getByRole('heading', { name: 'Cameras' }).or(page.getByText('14 Elm Street')).first().waitFor();
}

async function holdDown(page) {
  await page.getByRole('button', { name: /^Share,/ }).hover();
  await page.mouse.down();
}

export const moods = {
  async signIn({ hub, page, address }) {
    hub.answers.set('GET /api/session', () => ({ status: 401, body: { title: 'Please sign in' } }));
    await page.goto(address);
    await page.getByRole('button', { name: /passkey/ }).waitFor();
  },
  async linkUsed({ hub, page, address }) {
    hub.answers.set('POST /api/session/link', () => ({ status: 410, body: { type: 'urn:assent:problem:link-used', detail: 'This sign-in link has been used already.' } }));
    await page.goto(`${address}#/enter/abcdefgh1234`);
    await page.getByRole('heading', { name: /did not work/ }).waitFor();
  },
  async offerPasskey({ hub, page, address }) {
    quiet(hub);
    hub.answers.set('POST /api/session/link', () => ({ body: { me: { ...me, passkeys: 0 } } }));
    await page.goto(`${address}#/enter/abcdefgh1234`);
    await page.getByRole('button', { name: 'Not now' }).waitFor();
  },
  home: (scene) => home(scene),
  async panicChosen(scene) {
    await home(scene);
    await scene.page.getByRole('radio', { name: 'Panic' }).click();
  },
  async holding(scene) {
    await home(scene);
    await scene.page.getByRole('radio', { name: 'Panic' }).click();
    await holdDown(scene.page);
    await scene.page.waitForTimeout(650);
  },
  async twoSteps(scene) {
    await home(scene);
    await scene.page.getByRole('button', { name: /two steps/ }).click();
    await scene.page.getByRole('dialog').waitFor();
  },
  nobodyOnDuty: (scene) => home(scene, { duty: { onDuty: 0, agency: SPD.name } }),
  empty: (scene) => home(scene, { premises: [{ ...shop, deviceState: 'never', cameras: [], people: [ROSA] }], viewings: [] }),
  justPressed: (scene) => home(scene, {
    presses: [press({ receivedAt: t(-1.2), openedAt: t(-1), onWallAt: t(-0.5), cancellableUntil: t(60) })],
    shares: [share({ askedAt: t(-1.2), liveAt: t(-1), endsAt: t(7_199) })],
  }),
  acknowledged: (scene) => home(scene, {
    presses: [press({ acknowledged: { badge: '417', at: t(-61) } })], shares: [share()],
    viewings: [viewing('v1', '417', DOOR, -78, null), viewing('v2', '417', TILL, -78, null), viewing('v3', '22', DOOR, -30, null), ...before],
  }),
  silentDrill: (scene) => home(scene, { presses: [press({ silent: true, drill: true, level: 'panic' })], shares: [share()] }),
  coOwner: (scene) => home(scene, { presses: [press({ by: SAM })], shares: [share()] }),
  cutOff: (scene) => home(scene, { premises: [{ ...shop, deviceState: 'away' }], presses: [press({ acknowledged: { badge: '417', at: t(-61) } })], shares: [share()] }),
  standing: (scene) => home(scene, { shares: [share({ cause: 'standing', pressId: null, renews: true }), share({ id: 'g2', cause: 'alert', pressId: null, cameras: [YARD] })] }),
  asks: (scene) => home(scene, { asks: [{ alertId: 'a1', premisesId: 'shop', kind: 'gunshot', raisedAt: t(-4), cameras: [DOOR, TILL], minutes: 10, agency: SPD, expiresAt: t(56) }] }),
  async keptOffline(scene) {
    await home(scene);
    await scene.page.clock.install();
    scene.hub.setDeaf(true);
    await holdDown(scene.page);
    await scene.page.waitForTimeout(50);
    await scene.page.clock.runFor(1_700);
    await scene.page.mouse.up();
    for (let step = 0; step < 6; step += 1) {
      await scene.page.clock.runFor(1_500);
      await scene.page.waitForTimeout(100);
    }
  },
  message: (scene) => home(scene, { presses: [press({ state: 'message', openedAt: null, onWallAt: null, shareIds: [] })] }),
  refused: (scene) => home(scene, { presses: [press({ state: 'refused', openedAt: null, onWallAt: null, shareIds: [], refusal: 'Your device has no rule that shares on a press.' })] }),
  async stopping(scene) {
    scene.hub.answers.set('PUT /api/revokes/', (_, id) => ({ body: { id, state: 'received', stopped: ['g1'], confirmedAt: null } }));
    await home(scene, { shares: [share()], presses: [press()] });
    await scene.page.getByRole('button', { name: 'STOP sharing' }).click();
  },
  async stopped(scene) {
    scene.hub.answers.set('PUT /api/revokes/', (_, id) => ({ body: { id, state: 'confirmed', stopped: ['g1'], confirmedAt: t(0) } }));
    await home(scene, { shares: [share()], presses: [press()] });
    await scene.page.getByRole('button', { name: 'STOP sharing' }).click();
    scene.hub.say('shares', [share({ state: 'ended', endedAt: t(0), endCause: 'revoked' })]);
  },
  async account(scene) {
    await home(scene);
    await scene.page.getByRole('button', { name: /Rosa/ }).click();
    await scene.page.getByRole('dialog').waitFor();
  },
};
