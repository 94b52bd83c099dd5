// What an owner reads before a passkey signs anything but a policy: who may say what, how far anything may go, a share
// for one occasion, and the end of a key. As in phrases.ts, each field has its place in the words.
import { hex, type Bytes } from './bytes';
import { labels, RIGHT_WORDS, type Names } from './labels';
import type { Ceiling, Member, OwnerSet, Terms } from './objects';
import { given, length, moment, quoted, several, versionLine } from './phrases';

export function ownerSetInWords(set: OwnerSet, cameraNames: Names): string[] {
  const cameras = named('camera', cameraNames);
  const may = ({ role, cameras: mask }: Member) => {
    const which = role === 'owner' ? '' : several(mask.map((number) => cameras(String(number))));
    switch (role) {
      case 'owner':
        return 'an owner, on all cameras';
      case 'household':
        return `may press, answer alerts, share for up to 10 minutes and stop: ${which}`;
      case 'staff':
        return `may press and stop: ${which}`;
    }
  };
  const owners = set.quorum === 1 ? '1 passkey of an owner' : `${set.quorum} passkeys of owners`;
  return [
    ...set.members.map((member) => `${quoted(member.name)}, the ${member.kind} with the key ${hex(member.key)}: ${may(member)}.`),
    `To change this takes ${owners}.`,
    versionLine(set),
  ];
}

export function ceilingInWords(ceiling: Ceiling, cameraNames: Names, agencyNames: Names): string[] {
  const cameras = several(ceiling.cameras.map((number) => named('camera', cameraNames)(String(number))));
  const rights = RIGHT_WORDS.filter(([right]) => ceiling.rights[right]).map(([, words]) => words);
  const before = ceiling.rights.preRoll ? ['with moments before'] : [];
  return [
    `No share may go beyond: ${[cameras, `${length(ceiling.longestSecs)} at a time`, ...before, ...rights].join(', ')}.`,
    `All but presses, together: at most ${length(ceiling.secsADay)} a day.`,
    ...ceiling.agencies.map((id) => `It may go to ${withKey(id, agencyNames)}.`),
    versionLine(ceiling),
  ];
}

export function termsInWords(terms: Terms, cameraNames: Names, agencyNames: Names): string[] {
  const cameras = several(terms.cameras.map((number) => named('camera', cameraNames)(String(number))));
  const why = [terms.purpose && `for ${quoted(terms.purpose)}`, terms.incident && `in the incident ${quoted(terms.incident)}`];
  return [
    `Once, from now: ${[cameras, length(terms.ttlSecs), ...given(terms), ...why.filter((part) => part !== '')].join(', ')}.`,
    `It goes to ${withKey(terms.agency, agencyNames)}.`,
    `Made ${moment(terms.madeAtMs)} for device ${hex(terms.device)}, life ${terms.epoch}, as ${hex(terms.id)}, answering ${hex(terms.nonce)}.`,
  ];
}

/** `key` is the id of the key that is cancelled. */
export function cancelledKeyInWords({ name, kind }: Pick<Member, 'name' | 'kind'>, key: Bytes): string {
  return `${quoted(name)}, the ${kind} with the key id ${hex(key)}, is cancelled for good, and what it opened ends.`;
}

const named = (what: 'camera' | 'agency', names: Names) => labels(what, names).of;

const withKey = (id: Bytes, names: Names): string => `${named('agency', names)(hex(id))}, with the key ${hex(id)}`;
