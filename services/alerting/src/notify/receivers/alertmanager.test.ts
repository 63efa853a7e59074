import { expect, test } from 'vitest';
import { episodeOf, noticeOf, START_MS } from '../notices.fixture.ts';
import { alertsOf } from './alertmanager.ts';

const NOW_MS = START_MS + 120_000;

test('a firing begins when the alert did, and ends in seven days', () => {
  expect(alertsOf(noticeOf('a'), NOW_MS)).toEqual([
    {
      labels: {
        ...{
          alertname: 'low-battery',
          vehicle: 'bus-17',
          fleet: 'city',
          severity: 'warning',
          alert_id: 'alert-a',
        },
      },
      annotations: { description: 'The battery is below 20 %.', because: 'condition', revision: '1' },
      startsAt: '2026-03-01T08:00:00.000Z',
      endsAt: '2026-03-08T08:02:00.000Z',
    },
  ]);
});

test('a resolved has the same labels, and ends when the alert did', () => {
  const [firing, resolved] = episodeOf('x');
  const [first, last] = [alertsOf(firing, NOW_MS)[0], alertsOf(resolved, NOW_MS)[0]];
  expect(last?.labels).toEqual(first?.labels);
  expect(last).toMatchObject({ startsAt: '2026-03-01T08:00:00.000Z', endsAt: '2026-03-01T08:01:00.000Z' });
});

test('severities that the alert had are ended with it', () => {
  const alert = { severity: 'critical', formerSeverities: ['warning', 'critical'] } as const;
  const posted = alertsOf(noticeOf('a', { alert, atMs: START_MS + 60_000 }), NOW_MS);
  expect(posted.map(({ labels, endsAt }) => [labels['severity'], endsAt])).toEqual([
    ['critical', '2026-03-08T08:02:00.000Z'],
    ['warning', '2026-03-01T08:01:00.000Z'],
  ]);
});

test('no alert begins or ends in the future by the clock of a vehicle, or ends before it begins', () => {
  const alert = { startedAtMs: NOW_MS + 5_000, endedAtMs: START_MS };
  const [posted] = alertsOf(noticeOf('a', { kind: 'resolved', alert }), NOW_MS);
  expect([posted?.startsAt, posted?.endsAt]).toEqual([
    '2026-03-01T08:02:00.000Z',
    '2026-03-01T08:02:00.000Z',
  ]);
});

test('a vehicle without a fleet has no label for it, and what is late or flapping says so', () => {
  const notice = noticeOf('a', { kind: 'flapping', isLate: true, alert: { fleet: undefined } });
  const [posted] = alertsOf(notice, NOW_MS);
  expect(posted?.labels).not.toHaveProperty('fleet');
  expect(posted?.annotations).toMatchObject({ flapping: 'true', late: 'true' });
});
