// Every sentence of the owner's page, in one place, so that another language is another file like this one.
// Plain words for a frightened reader; nothing here may promise what has not been confirmed.
import { clock, day, length } from '$shared/time';
import type { AlertKind, Condition, EndCause, Level, Share } from '$shared/api/shapes';
import type { Stage } from './press/progress';

const levels: Record<Level, { name: string; hint: string }> = {
  staffAlert: { name: 'Staff alert', hint: 'No danger to life' },
  panic: { name: 'Panic', hint: 'Danger to life' },
};

const stages: Record<Stage, { name: string; waiting: string }> = {
  kept: { name: 'Kept on this phone', waiting: 'Not kept on this phone: leave this page open' },
  received: { name: 'Received by the hub', waiting: 'Not yet received by the hub' },
  live: { name: 'Live from your cameras', waiting: 'No picture has left yet' },
  onWall: { name: 'On the operators’ wall', waiting: 'Not yet on the operators’ wall' },
  acknowledged: { name: 'Acknowledged', waiting: 'No operator has acknowledged yet' },
};

const endings: Record<EndCause, string> = {
  revoked: 'You or a co-owner stopped it.',
  expired: 'The time was up.',
  cleared: 'The operators closed the incident.',
  cancelled: 'It was cancelled as a mistake.',
  stoppedAtPremises: 'It was stopped at the premises.',
  rebooted: 'Your device restarted.',
  policyChanged: 'The rules on your device changed.',
  deviceRevoked: 'The department took your device out of its hub.',
};

const causes: Record<Share['cause'], string> = {
  press: 'You or a co-owner pressed',
  button: 'The button at the premises was pressed',
  alert: 'An alert, with your yes',
  standing: 'Your standing rule',
};

const alertKinds: Record<string, string> = {
  gunshot: 'A gunshot detector heard shots',
  glassBreak: 'A sensor heard breaking glass',
  intrusion: 'An alarm panel reports an intrusion',
  fire: 'An alarm panel reports fire',
  panel: 'An alarm panel reports an alarm',
};

/** Alarm panels name kinds as programmers do: "glassBreak", "glass-break". */
function spaced(kind: string): string {
  return kind.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
}

const conditions: Record<Condition, { word: string; grade: 'good' | 'high' | 'waiting' }> = {
  online: { word: 'Working', grade: 'good' },
  connecting: { word: 'Connecting', grade: 'waiting' },
  offline: { word: 'Offline', grade: 'high' },
  wrongPassword: { word: 'Wrong password', grade: 'high' },
  unsupported: { word: 'Unsupported', grade: 'high' },
  garbage: { word: 'No usable picture', grade: 'high' },
  deviceAway: { word: 'Device away', grade: 'high' },
};

export const words = {
  levels,
  stages,
  endings,
  causes,
  /** A newer hub may know words that this page, kept on a phone, does not. */
  condition: (condition: Condition) => conditions[condition] ?? { word: condition, grade: 'high' as const },
  alertKind: (kind: AlertKind) => alertKinds[kind] ?? `An alert of the kind “${spaced(kind)}” was raised`,
  drillMark: 'Drill',
  silentMark: 'Silent',

  emergency: { notThis: 'This is not the emergency call.', call: 'Call 911' },

  duty: {
    some: (count: number, agency: string) => `${count === 1 ? '1 operator is' : `${count} operators are`} on duty at ${agency}.`,
    nobody: (agency: string) => `Nobody is on duty at ${agency} right now.`,
    nobodyMeans: 'You can still share, but it may be that nobody watches. Call 911.',
    unknown: 'Nobody can say who is on duty. You can still press.',
    asking: 'Asking who is on duty…',
  },

  hold: {
    title: 'Share your cameras',
    rest: (seconds: string) => `Hold ${seconds} s`,
    action: 'Share',
    again: 'Press again: for longer, or as panic',
    keep: 'Keep holding',
    label: (level: string) => `Share, ${level}. Hold for one and a half seconds.`,
    tooShort: 'That was too short. Hold until the ring is full.',
    instead: 'Cannot hold? Share in two steps',
    ask: (level: string) => `Share now as ${level.toLowerCase()}?`,
    askMeans: 'Your cameras are shared at once. You can stop at any time.',
    yes: 'Yes, share now',
    no: 'No, do not share',
    level: 'How bad is it?',
    silent: 'Silent',
    silentHint: 'Silent: this page stays calm, nothing buzzes.',
    drill: 'Drill',
    drillHint: 'Drill: a practice, and the operators see that.',
    note: 'Tell the operators more (optional)',
    noteExample: 'For example: two men, back door',
    premises: 'Where?',
    device: {
      away: 'Your device is not connected to the hub. A press waits for it, for two minutes at most.',
      never: 'The hub has not seen a device here. It may be that nothing can be shared.',
    },
  },

  press: {
    by: (name: string) => `${name} pressed`,
    byButton: 'The button at the premises',
    cause: (by: { name: string } | 'button' | null) => (by === null ? 'You pressed' : by === 'button' ? causes.button : `${by.name} pressed`),
    told: (note: string) => `You told the operators: “${note}”`,
    headline: {
      sending: 'Sending your press…',
      kept: 'Kept on this phone',
      received: 'Received by the hub',
      live: 'Your cameras are shared',
      onWall: 'On the operators’ wall',
      acknowledged: (badge: string) => `Operator ${badge} has acknowledged`,
    },
    meaning: {
      kept: 'It is sent again and again until the hub has it.',
      notKept: 'This phone could not store it. Leave this page open.',
      received: 'Waiting for your device to open the cameras.',
      live: 'Not yet on the wall. Nobody has acknowledged.',
      onWall: 'The pictures are shown. Nobody has acknowledged yet.',
      acknowledged: 'A person has seen this and taken it.',
    },
    acknowledgedBy: (badge: string) => `Acknowledged by operator ${badge}`,
    messageIn: (left: string) => `No connection within ${left}, and this becomes a message that opens nothing.`,
    mistake: (seconds: number) => `A mistake? Cancel (${seconds})`,
    tooOld: 'More than two minutes old',
    tooOldMeans: 'It goes out as a message and opens nothing. Press again if you still need help.',
    message: 'Arrived as a message',
    messageMeans: 'It was more than two minutes old and opened nothing. Press again if you still need help.',
    refused: 'Not shared',
    refusedMeans: (why: string) => `${why} If you are in danger, call 911.`,
    cancelled: 'Cancelled',
    cancelledMeans: 'You took this press back.',
    signIn: 'Sign in to send it.',
    dismiss: 'Hide this',
    forget: 'Do not send it',
  },

  share: {
    live: 'Live now',
    asked: 'Asked',
    askedMeans: 'Your device has not opened yet.',
    with: (agency: string) => `Shared with ${agency}`,
    endsIn: 'Ends in',
    renews: 'Until you stop it',
    renewsMeans: 'A standing rule: it renews by itself until you stop it. Every view is recorded.',
    stopPauses: 'Once stopped, it stays paused until its rule changes or somebody lets it run again at the device.',
    away: 'Your device is cut off',
    awayMeans: 'The hub cannot reach it, so the operators get no new picture. If you are in danger, call 911.',
    rights: (audio: boolean, preRoll: boolean, record: boolean) =>
      [audio ? 'With sound' : 'No sound', ...(preRoll ? ['may begin some seconds earlier'] : []), record ? 'recorded' : 'not recorded'].join(' · '),
    stopOne: 'Stop this one',
    recent: 'Just ended',
    watchedBy: (badges: string[]) =>
      badges.length === 0 ? 'Nobody saw a picture.' : `Seen by ${badges.length === 1 ? 'operator' : 'operators'} ${badges.join(', ')}.`,
    refused: 'Your device did not open',
    refusedMeans: 'No rule on it allows this.',
  },

  stop: {
    button: 'STOP sharing',
    blind: 'STOP everything',
    blindMeans: 'Not connected: this page cannot say what is shared. STOP ends whatever it is.',
    again: 'STOP again',
    kept: 'Your stop is kept on this phone and is being sent.',
    notKept: 'Your stop is being sent. This phone could not store it: leave this page open.',
    nearDevice: 'At the premises the device itself has a STOP that needs no network.',
    received: 'The hub has your stop. Waiting for your device to confirm.',
    confirmed: 'Stopped. Your device confirmed.',
    confirmedOne: 'That one has stopped. Your device confirmed.',
    unsigned: (why: string) => `Your device did not take this phone’s signature, so the hub ended it: ${why} A standing share may come back.`,
    nothing: 'Stopped. There was nothing left to end.',
    refused: 'The hub did not take your stop:',
  },

  watching: {
    now: 'Watching now',
    nobody: 'Nobody is watching.',
    unknown: 'This page cannot say who watches just now.',
    operator: (badge: string) => `Operator ${badge}`,
    before: 'Watched before',
    never: 'Nobody has watched your cameras before.',
    count: (count: number) => (count === 0 ? 'nobody watching' : `${count} watching`),
    notTold: 'The hub has not told this page yet.',
    noPicture: 'no picture arrived',
    older: 'Show older',
    oldest: 'That is everything.',
    since: (time: string) => `since ${time}`,
  },

  ask: {
    question: (cameras: string, agency: string, minutes: number) => `Share ${cameras} with ${agency} for ${minutes} min?`,
    yes: 'Yes, share',
    no: 'No',
    expires: (left: string) => `Without an answer nothing is shared. The question ends in ${left}.`,
    sent: 'Your answer is with the hub.',
    saidNo: 'You said no. Nothing is shared.',
  },

  cameras: {
    title: 'Cameras',
    nothing: 'No premises have been registered for you yet.',
    none: 'No cameras yet. Your device looks for them once it is set up.',
    noRules: 'Nothing: this camera is never shared.',
    masked: 'Parts are masked',
    sound: 'Has sound',
    device: { online: 'Device connected', away: 'Device not connected', never: 'No device yet' },
    lastSeen: (at: string, now: number) => `, last seen ${day(at, now)} ${clock(at)}`,
    people: 'Who can press and stop',
    you: 'you',
  },

  signed: {
    title: (place: string) => `Whose word counts at ${place}`,
    mine: 'This device obeys your keys only. This phone signs for you.',
    rules: 'Your rules',
    people: 'People and phones',
    stranger: 'The device here obeys its owner’s keys only, and this phone has none: it would not open on your press. Ask an owner to invite this phone.',
  },

  entry: {
    welcome: 'Your cameras.\nYour yes.',
    lead: 'Nothing leaves your premises until you say so.',
    passkey: 'Sign in with your passkey',
    noPasskey: 'No passkey on this phone? Open the sign-in link that you were given. It works once.',
    otherPasskey: 'If your phone offers several keys, take one without “(signs)”: those are for your rules.',
    noSupport: 'This browser has no passkeys. Open the sign-in link that you were given.',
    opening: 'Signing you in…',
    linkFailed: 'This link did not work',
    again: 'Try again',
    toSignIn: 'Go to sign-in',
    offer: (name: string) => `Welcome, ${name}`,
    offerLead: 'Make a passkey, so that this phone opens your page with your face, finger or code. The link that you used will not work again.',
    make: 'Make a passkey',
    later: 'Not now',
    made: 'Passkey made for this phone.',
    ended: 'Your session has ended. Please sign in again.',
    waiting: (count: number) => `${count === 1 ? 'Something you did waits' : `${count} things you did wait`} on this phone and will be sent after you sign in.`,
    cannotReach: 'The hub cannot be reached',
  },

  account: {
    title: 'You',
    addPasskey: 'Add a passkey here',
    passkeys: (count: number) => (count === 0 ? 'You have no passkey yet.' : count === 1 ? 'You have 1 passkey.' : `You have ${count} passkeys.`),
    signOut: 'Sign out',
    unsent: 'Something you did has not reached the hub yet. Signing out would lose it.',
    notDevice: 'This page is no certified alarm device. It needs a phone, a network and your hub.',
  },

  broken: 'This part of the page could not be shown. STOP and the button still work.',
  brokenPart: 'This part of the page could not be loaded. Try again on a better network; pressing and stopping still work.',
  offline: 'What you see may be old. A press or a stop is kept and sent.',
  notice: {
    draining: 'The hub is about to restart. This page connects again by itself.',
    storeDown: 'The hub’s records are in trouble. Your press still works.',
    storeFull: 'The hub’s disk is full: its records are in trouble. Your press and STOP still work.',
  },
  ago: (ms: number) => (ms < 2_000 ? 'just now' : `${length(ms)} ago`),
};
