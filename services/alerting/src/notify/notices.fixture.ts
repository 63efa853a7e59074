import type { Clock } from '@odograph/kernel/clock';
import type { Notice, NotifiedAlert } from './notification.ts';

export const START_MS = Date.parse('2026-03-01T08:00:00Z');

/** A clock that moves when the test says so. */
export class TestClock implements Clock {
  nowMs = START_MS;

  now(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }
}

type NoticePart = Partial<Omit<Notice, 'alert'>> & { readonly alert?: Partial<NotifiedAlert> };

/** A firing that is due at once, unless the part says otherwise. */
export function noticeOf(key: string, { alert, ...part }: NoticePart = {}): Notice {
  const atMs = part.atMs ?? START_MS;
  return {
    ...{ key, receiver: 'hook', kind: 'firing', because: 'condition', isLate: false, atMs, dueAtMs: atMs },
    ...part,
    alert: {
      ...{ id: `alert-${key}`, rule: 'low-battery', revision: 1, vehicleId: 'bus-17', fleet: 'city' },
      ...{ severity: 'warning', description: 'The battery is below 20 %.', startedAtMs: START_MS },
      ...alert,
    },
  };
}

/** A firing and the resolved that follows it. */
export function episodeOf(name: string, part: NoticePart = {}): readonly [Notice, Notice] {
  const alert = { id: name, ...part.alert };
  const [firing, resolved] = [`${name}:firing`, `${name}:resolved`];
  const atMs = (part.atMs ?? START_MS) + 60_000;
  return [
    noticeOf(firing, { ...part, alert }),
    noticeOf(resolved, {
      ...{ ...part, kind: 'resolved', follows: firing, atMs, dueAtMs: part.dueAtMs ?? atMs },
      alert: { ...alert, endedAtMs: atMs },
    }),
  ];
}
