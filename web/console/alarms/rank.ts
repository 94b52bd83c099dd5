// What stands in the alert strip and in which order. Pure: derived from the open incidents at each look, so that
// it cannot disagree with them; sound and acknowledging are elsewhere.
import { at } from '$shared/time';
import type { Alert, Incident } from '$shared/api/shapes';

export type Grade = 'urgent' | 'high' | 'info';

export interface Alarm {
  /** The alert that wants an answer, or the newest one when all have theirs. */
  alert: Alert;
  incident: Incident;
  /** Something went wrong at the premises while they were sharing: call back. */
  premisesAlarm: boolean;
  grade: Grade;
  waiting: boolean;
  /** Of this alert, or the newest one known in the incident: a stopped share is exactly when it is needed. */
  callBack: string | null;
}

const PREMISES_ALARMS: readonly string[] = ['stoppedAtPremises', 'unplugged', 'rebooted'];

export const isPremisesAlarm = (alert: Alert) => PREMISES_ALARMS.includes(alert.kind);

/** Unanswered before answered, real before drill, then by grade; the newest first among equals. */
export function alarms(incidents: readonly Incident[]): Alarm[] {
  return incidents
    .filter((incident) => incident.state === 'open')
    .flatMap(alarmsOf)
    .sort((a, b) => weight(a) - weight(b) || at(b.alert.raisedAt) - at(a.alert.raisedAt));
}

/** One alarm for the incident itself, and one of its own for each thing that happened at the premises. */
function alarmsOf(incident: Incident): Alarm[] {
  const newestFirst = [...incident.alerts].sort((a, b) => at(b.raisedAt) - at(a.raisedAt));
  const premises = newestFirst.filter((alert) => isPremisesAlarm(alert) && !alert.acknowledged);
  const ordinary = newestFirst.filter((alert) => !isPremisesAlarm(alert));
  const head = ordinary.find((alert) => !alert.acknowledged) ?? ordinary[0];
  const shown = head ? [...premises, head] : premises;
  return shown.map((alert) => alarm(alert, incident));
}

function alarm(alert: Alert, incident: Incident): Alarm {
  const premisesAlarm = isPremisesAlarm(alert);
  const callBack = alert.callBack ?? incident.alerts.findLast((other) => other.callBack)?.callBack ?? null;
  return { alert, incident, premisesAlarm, grade: grade(incident, premisesAlarm), waiting: !alert.acknowledged, callBack };
}

function grade(incident: Incident, premisesAlarm: boolean): Grade {
  if (incident.level === 'panic') return 'urgent';
  return incident.level === 'staffAlert' || premisesAlarm ? 'high' : 'info';
}

const GRADES: readonly Grade[] = ['urgent', 'high', 'info'];

/** A late message comes after what is happening now, among its like. */
function weight({ waiting, incident, grade, alert }: Alarm): number {
  const late = alert.kind === 'message' ? 1 : 0;
  return (waiting ? 0 : 100) + (incident.drill ? 50 : 0) + GRADES.indexOf(grade) * 2 + late;
}

export const waitingAlarms = (all: readonly Alarm[]) => all.filter((alarm) => alarm.waiting);

/** "2 panic, 1 drill": what is behind the ones on screen. */
export function restInWords(rest: readonly Alarm[]): string {
  const counts = new Map<string, number>();
  for (const alarm of rest) {
    const word = !alarm.waiting ? 'acknowledged' : alarm.incident.drill ? 'drill' : levelWord(alarm).toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

const LEVELS: Record<Incident['level'], string> = { panic: 'Panic', staffAlert: 'Staff alert', alert: 'Alert' };

const KINDS: Record<string, string> = {
  stoppedAtPremises: 'Stopped at the premises',
  unplugged: 'Device cut off',
  rebooted: 'CORE device rebooted',
  message: 'Late message',
};

export function levelWord({ alert, incident }: Pick<Alarm, 'alert' | 'incident'>): string {
  return KINDS[alert.kind] ?? LEVELS[incident.level];
}

/** What happened, in a few words: "pressed on a phone", "gunshot". */
export function kindWords(kind: string): string {
  const known: Record<string, string> = {
    press: 'Pressed on a phone',
    button: 'Button pressed at the premises',
    stoppedAtPremises: 'Sharing was stopped at the premises',
    unplugged: 'The CORE device lost power or network while sharing',
    rebooted: 'The CORE device restarted while sharing',
    message: 'Pressed too long ago: arrived as a message, opened nothing',
  };
  if (known[kind]) return known[kind];
  const words = kind.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
