// Makes the alarm sounds with Web Audio, keeps the operator's choice of sound or no sound, and knows whether the
// browser lets anything be heard. When to sound is chime.ts's decision.
import type { Chime } from './chime';

/** Frequencies in Hz, one after another; what carries the meaning is the rhythm, for those who hear little of pitch. */
const TUNES: Record<Chime, { notes: number[]; noteMs: number; gain: number }> = {
  urgent: { notes: [880, 1_175, 880, 1_175, 880, 1_175], noteMs: 130, gain: 0.32 },
  high: { notes: [784, 988, 784], noteMs: 180, gain: 0.26 },
  info: { notes: [659], noteMs: 260, gain: 0.2 },
  drill: { notes: [523, 523], noteMs: 220, gain: 0.14 },
};

const KEPT_AS = 'assent.console.sound';
/** Long enough that no note clicks, short enough that it still starts at once. */
const RAMP_S = 0.012;

export class AlarmSound {
  on = $state(localStorage.getItem(KEPT_AS) !== 'off');
  /** The browser plays nothing until somebody clicks or presses a key on this page. */
  blocked = $state(false);
  #context: AudioContext | null = null;

  toggle(): void {
    this.on = !this.on;
    localStorage.setItem(KEPT_AS, this.on ? 'on' : 'off');
    if (this.on) void this.unblock().then(() => this.play('info'));
  }

  play(chime: Chime): void {
    const context = this.#open();
    if (!this.on || !context) return;
    if (context.state !== 'running') {
      this.blocked = true;
      return;
    }
    const { notes, noteMs, gain } = TUNES[chime];
    notes.forEach((note, n) => tone(context, note, context.currentTime + (n * noteMs) / 1_000, noteMs / 1_000, gain));
    performance.mark('alarm:sound', { detail: { chime } });
  }

  /** Call it from a click or a key press: only then may the browser be asked. */
  async unblock(): Promise<void> {
    const context = this.#open();
    if (context && context.state !== 'running') await context.resume().catch(() => undefined);
    this.check();
  }

  check(): void {
    this.blocked = this.#open()?.state !== 'running';
  }

  #open(): AudioContext | null {
    if (!('AudioContext' in globalThis)) return null;
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#context.onstatechange = () => this.check();
    }
    return this.#context;
  }
}

function tone(context: AudioContext, frequency: number, start: number, lasts: number, loudness: number): void {
  const oscillator = new OscillatorNode(context, { frequency, type: 'triangle' });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(loudness, start + RAMP_S);
  gain.gain.setValueAtTime(loudness, start + lasts * 0.7);
  gain.gain.linearRampToValueAtTime(0, start + lasts * 0.95);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + lasts);
}
