// Short messages that need no answer. What must not be missed is never a toast: it belongs on the page itself.

export interface Toast {
  id: number;
  text: string;
  grade: 'info' | 'good' | 'high';
}

/** Long enough to read a sentence twice. */
const SHOWN_MS = 6_000;
/** More than three hide the page. */
const MOST = 3;

class Toasts {
  shown = $state<Toast[]>([]);
  #next = 1;

  say(text: string, grade: Toast['grade'] = 'info'): void {
    const toast = { id: this.#next++, text, grade };
    this.shown = [...this.shown.filter((other) => other.text !== text), toast].slice(-MOST);
    setTimeout(() => this.dismiss(toast.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
