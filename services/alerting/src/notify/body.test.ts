import { expect, test } from 'vitest';
import { renderBody } from './body.ts';
import { episodeOf } from './notices.fixture.ts';

test('a message is JSON with type, timestamp and data, and has the same bytes each time', () => {
  const notices = episodeOf('x');
  const body = new TextDecoder().decode(renderBody({ id: 'x', receiver: 'hook', notices }));
  expect(JSON.parse(body)).toEqual({
    type: 'alerts.notified',
    timestamp: '2026-03-01T08:01:00.000Z',
    data: {
      receiver: 'hook',
      notices: [
        expect.objectContaining({ key: 'x:firing', kind: 'firing', is_late: false }),
        {
          ...{ key: 'x:resolved', kind: 'resolved', because: 'condition', is_late: false },
          ...{ at: '2026-03-01T08:01:00.000Z', follows: 'x:firing' },
          alert: {
            ...{ id: 'x', rule: 'low-battery', revision: 1, vehicle_id: 'bus-17', fleet: 'city' },
            ...{ severity: 'warning', description: 'The battery is below 20 %.' },
            ...{ started_at: '2026-03-01T08:00:00.000Z', ended_at: '2026-03-01T08:01:00.000Z' },
          },
        },
      ],
    },
  });
  expect(new TextDecoder().decode(renderBody({ id: 'x', receiver: 'hook', notices }))).toBe(body);
});
