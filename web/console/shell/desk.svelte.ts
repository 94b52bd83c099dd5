// One operator's desk: what the hub says, what this operator chose, and everything derived from both. Components
// read from here; the only things stored are choices. Media is WallMedia's, drawing the components'.
import { untrack } from 'svelte';
import { now } from '$shared/clock.svelte';
import type { Incident, Me, OperatorSections } from '$shared/api/shapes';
import { PageStream } from '$shared/api/stream.svelte';
import { alarms, waitingAlarms, type Alarm } from '../alarms/rank';
import { AlarmSound } from '../alarms/sound.svelte';
import { parseKeys, typing, type KeyMap } from '../keys/map';
import { emptyWall, follow, SLOTS, type Wall } from '../wall/placement';
import { wantedCameras } from '../wall/wanted';
import { WallMedia } from '../media/wall-media.svelte';

export type Panel = 'incident' | 'cameras';

export class Desk {
  readonly stream = new PageStream<OperatorSections>();
  readonly media = new WallMedia(SLOTS);
  readonly sound = new AlarmSound();
  readonly keys: KeyMap = parseKeys(localStorage.getItem('assent.console.keys'));

  wall = $state.raw<Wall>(emptyWall());
  /** The alarm in front, where the operator chose another than the most urgent one. */
  chosenAlert = $state.raw<string | null>(null);
  chosenIncident = $state.raw<string | null>(null);
  panel = $state<Panel>('incident');
  clearing = $state(false);
  helping = $state(false);
  /** The camera that is heard; whatever else comes into its tile is not. */
  listening = $state.raw<string | null>(null);
  pageVisible = $state(document.visibilityState === 'visible');
  /** What a screen reader is told in passing. */
  said = $state('');

  cameras = $derived(this.stream.get('cameras') ?? []);
  incidents = $derived(this.stream.get('incidents') ?? []);
  shares = $derived(this.stream.get('shares') ?? []);
  tiles = $derived(this.stream.get('tiles') ?? []);
  viewings = $derived((this.stream.get('viewings') ?? []).filter((viewing) => !viewing.endedAt));
  notice = $derived(this.stream.get('notice')?.kind ?? null);
  duty = $derived(this.stream.get('duty'));

  alarms: Alarm[] = $derived(alarms(this.incidents));
  waiting = $derived(waitingAlarms(this.alarms));
  headline: Alarm | undefined = $derived(
    this.alarms.find((alarm) => alarm.alert.id === this.chosenAlert) ?? this.alarms[0],
  );
  wanted = $derived(wantedCameras({ cameras: this.cameras, incidents: this.incidents, shares: this.shares }));
  incident: Incident | undefined = $derived(
    this.incidents.find((incident) => incident.id === this.chosenIncident) ?? this.headline?.incident,
  );

  constructor(readonly me: Me) {}

  /** Follows the shares. Run it in an effect: it reads what it depends on. */
  followShares(): void {
    const next = follow(
      untrack(() => this.wall),
      this.wanted,
      now(),
    );
    untrack(() => {
      this.wall = next;
    });
  }

  /** The next alarm to the front, and its incident into the panel. */
  nextAlarm(): void {
    const all = this.alarms;
    const at = all.findIndex((alarm) => alarm.alert.id === this.headline?.alert.id);
    const next = all[(at + 1) % all.length];
    if (next) this.bringToFront(next);
  }

  bringToFront({ alert, incident }: Alarm): void {
    this.chosenAlert = alert.id;
    this.chosenIncident = incident.id;
    this.panel = 'incident';
    this.clearing = false;
  }

  /** A half-written outcome stays in the panel; everything else makes room. */
  mostUrgentToFront(): void {
    this.chosenAlert = null;
    if (this.clearing) return;
    this.chosenIncident = null;
    if (!typing(document.activeElement)) this.panel = 'incident';
  }

  openIncident(id: string): void {
    this.chosenIncident = id;
    this.panel = 'incident';
    this.clearing = false;
  }
}
