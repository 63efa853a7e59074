import type { ChangeOfAlert, Severity } from '@odograph/kernel/alert-event';
import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import { describe, expect, test } from 'vitest';
import { type AlertRecord, recordAfter } from './alert-record.ts';
import {
  type Addressee,
  type Notice,
  type NoticeContext,
  noticesAfterSilence,
  noticesOf,
} from './notices.ts';

type Fired = Extract<ChangeOfAlert, { readonly type: 'AlertFired' }>;

const ALERT = { id: 'speeding/v/1', rule: 'speeding', revision: 1, vehicleId: 'v', fleet: 'north' };
const FIRED: Fired = {
  ...{ type: 'AlertFired', alert: ALERT, startedAtMs: 1_000, atMs: 1_000, severity: 'warning' },
  ...{ because: 'condition', flapping: 'no', values: {} },
};
const RESOLVED = { type: 'AlertResolved', alert: ALERT, atMs: 2_000, because: 'condition' } as const;

const receiver = (name: string, severities: readonly Severity[], groupWaitMs = 0): Addressee => {
  return { name, severities, groupWaitMs: () => groupWaitMs };
};
const RECEIVERS = [receiver('pager', ['critical']), receiver('desk', ['warning', 'critical'], 30_000)];

/** What receivers hear of events of an alert, each a second after the one before. */
class Story {
  #record: AlertRecord | undefined;
  #notices: Notice[] = [];
  #atMs = 10_000;
  readonly #more: Partial<NoticeContext>;

  constructor(more: Partial<NoticeContext> = {}) {
    this.#more = more;
  }

  hears(change: ChangeOfAlert, more: Partial<NoticeContext> = {}): string[] {
    this.#atMs += 1_000;
    const head = { subject: 'alert/v', reportId: '', observedAtMs: 0, receivedAtMs: this.#atMs };
    const event: AlertEvent = { ...head, ...change };
    this.#record = recordAfter(this.#record, event) as AlertRecord;
    const next = noticesOf(event, {
      ...{ place: `0/${this.#atMs}/0`, record: this.#record, description: 'too fast', receiversOfRule: [] },
      ...{ receivers: RECEIVERS, earlier: this.#notices, silence: undefined, ...this.#more, ...more },
    });
    this.#notices = [...this.#notices, ...next];
    return next.map(({ receiver, kind, alert, suppressedBecause, dueAtMs, follows }) =>
      [
        ...[receiver, kind, alert.severity, ...alert.formerSeverities.map((former) => `once ${former}`)],
        ...(suppressedBecause ? [`not sent: ${suppressedBecause}`] : []),
        ...(dueAtMs > this.#atMs ? [`in ${(dueAtMs - this.#atMs) / 1_000} s`] : []),
        ...(follows ? ['after the one before'] : []),
      ].join(', '),
    );
  }

  goesOnAfterSilenceOf(change: ChangeOfAlert): string[] {
    this.hears(change, { silence: 's1' });
    return this.goesOnAfterSilence();
  }

  /** No silence is for it any more. */
  goesOnAfterSilence(): string[] {
    this.#atMs += 1_000;
    const next = noticesAfterSilence(this.#atMs, {
      ...{ place: `0/${this.#atMs}/0`, record: this.#record as AlertRecord, description: 'too fast' },
      ...{ receiversOfRule: [], receivers: RECEIVERS, earlier: this.#notices },
    });
    this.#notices = [...this.#notices, ...next];
    return next.map(({ receiver, kind, follows }) => `${receiver}, ${kind}${follows ? ', follows' : ''}`);
  }

  get keys(): readonly string[] {
    return this.#notices.map(({ key }) => key);
  }
}

describe('a receiver', () => {
  test('hears of the severities that it is for, and that an alert is over only if it heard of it', () => {
    const story = new Story();
    expect(story.hears(FIRED)).toEqual(['desk, firing, warning, in 30 s']);
    expect(
      story.hears({ type: 'AlertSeverityChanged', alert: ALERT, atMs: 1_500, severity: 'critical' }),
    ).toEqual([
      'pager, firing, critical',
      'desk, firing, critical, once warning, in 30 s, after the one before',
    ]);
    expect(
      story.hears({ type: 'AlertSeverityChanged', alert: ALERT, atMs: 1_600, severity: 'warning' }),
    ).toEqual([]);
    expect(story.hears(RESOLVED)).toEqual([
      'desk, resolved, warning, once critical, in 30 s, after the one before',
      'pager, resolved, warning, once critical, after the one before',
    ]);
    expect(new Set(story.keys).size).toBe(story.keys.length);
  });

  test('that the rule names hears of it, whatever the severity', () => {
    const story = new Story({ receiversOfRule: ['pager'] });
    expect(story.hears(FIRED)).toEqual(['pager, firing, warning']);
  });

  test('does not hear of an alert that is silenced, nor of its end, and the reason is kept', () => {
    const story = new Story();
    expect(story.hears(FIRED, { silence: 's1' })).toEqual([
      'desk, firing, warning, not sent: silence s1, in 30 s',
    ]);
    expect(story.hears(RESOLVED)).toEqual([
      'desk, resolved, warning, not sent: silence s1, in 30 s, after the one before',
    ]);
  });

  test('hears of an alert that still fires when its silence is over, once, and then of its end', () => {
    const story = new Story();
    expect(story.goesOnAfterSilenceOf(FIRED)).toEqual(['desk, firing']);
    expect(story.goesOnAfterSilence()).toEqual([]);
    expect(story.hears(RESOLVED)).toEqual(['desk, resolved, warning, in 30 s, after the one before']);
    const heard = new Story();
    heard.hears(FIRED);
    expect(heard.goesOnAfterSilence()).toEqual([]);
  });

  test('hears of an alert that gets worse once no silence is for it, though it did not hear of it before', () => {
    const story = new Story();
    story.hears(FIRED, { silence: 's1' });
    const worse = { type: 'AlertSeverityChanged', alert: ALERT, atMs: 1_500, severity: 'critical' } as const;
    expect(story.hears(worse)).toEqual([
      'pager, firing, critical',
      'desk, firing, critical, once warning, in 30 s',
    ]);
    expect(story.goesOnAfterSilence()).toEqual([]);
  });

  test('hears once that a vehicle is flapping, and not of its next alerts', () => {
    expect(new Story().hears({ ...FIRED, flapping: 'begins' })).toEqual(['desk, flapping, warning, in 30 s']);
    const next = new Story();
    expect(next.hears({ ...FIRED, flapping: 'goes on' })).toEqual([
      'desk, firing, warning, not sent: flapping, in 30 s',
    ]);
  });

  test('hears of what came late with its end, but not of what fired more than an hour ago', () => {
    const late = { type: 'AlertRaisedLate', alert: ALERT, severity: 'warning', startedAtMs: 1_000 } as const;
    expect(new Story().hears({ ...late, firedAtMs: 1_000, resolvedAtMs: 5_000 })).toEqual([
      'desk, firing, warning, in 30 s',
      'desk, resolved, warning, in 30 s, after the one before',
    ]);
    expect(new Story().hears({ ...late, firedAtMs: -3_600_000 })).toEqual([
      'desk, firing, warning, not sent: late, in 30 s',
    ]);
  });

  test('hears that an alert was none, and that one which was over goes on', () => {
    const story = new Story();
    story.hears(FIRED);
    expect(story.hears({ type: 'AlertRetracted', alert: ALERT })).toEqual([
      'desk, resolved, warning, in 30 s, after the one before',
    ]);
    const other = new Story();
    other.hears(FIRED);
    other.hears(RESOLVED);
    const corrected = {
      type: 'AlertCorrected',
      alert: ALERT,
      severity: 'warning',
      startedAtMs: 1_000,
    } as const;
    expect(other.hears({ ...corrected, firedAtMs: 1_000, resolvedAtMs: 3_000 })).toEqual([]);
    expect(other.hears({ ...corrected, firedAtMs: 1_000 })).toEqual([
      'desk, firing, warning, in 30 s, after the one before',
    ]);
  });
});
