// The one sentence at the top of a press, and what it means: as far as the facts go, never further. Pure.
import { words } from '../words';
import type { PressView, Stage } from './progress';

export interface Headline {
  title: string;
  meaning: string;
  tone: 'waiting' | 'live' | 'done' | 'problem';
}

/** `away`: the hub does not reach the device, so that no new picture comes, whatever was true before. */
export function headlineOf(press: PressView, away = false): Headline {
  const { headline, meaning } = words.press;
  switch (press.phase) {
    case 'tooOld':
      return { title: words.press.tooOld, meaning: words.press.tooOldMeans, tone: 'problem' };
    case 'message':
      return { title: words.press.message, meaning: words.press.messageMeans, tone: 'problem' };
    case 'refused':
      return { title: words.press.refused, meaning: words.press.refusedMeans(press.problem ?? words.share.refusedMeans), tone: 'problem' };
    case 'cancelled':
      return { title: words.press.cancelled, meaning: words.press.cancelledMeans, tone: 'done' };
    case 'ended':
    case 'underway':
      break;
  }
  if (away && has(press, 'live')) return { title: words.share.away, meaning: words.share.awayMeans, tone: 'problem' };
  if (has(press, 'acknowledged')) {
    return { title: headline.acknowledged(press.badge ?? ''), meaning: meaning.acknowledged, tone: 'live' };
  }
  if (has(press, 'onWall')) return { title: headline.onWall, meaning: meaning.onWall, tone: 'live' };
  if (has(press, 'live')) return { title: headline.live, meaning: meaning.live, tone: 'live' };
  if (has(press, 'received')) return { title: headline.received, meaning: meaning.received, tone: 'waiting' };
  if (press.onDisk) return { title: headline.kept, meaning: press.problem ?? meaning.kept, tone: 'waiting' };
  return { title: headline.sending, meaning: press.problem ? meaning.notKept : meaning.kept, tone: 'waiting' };
}

function has(press: PressView, stage: Stage): boolean {
  return press.steps.some((step) => step.stage === stage && step.at !== null);
}
