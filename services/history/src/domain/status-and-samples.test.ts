import { fold } from '@odograph/projections/deliver.fixture';
import { status, statusOf } from '@odograph/projections/status';
import { anyEvents } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSamples } from './samples/read-samples.fixture.ts';
import { samples } from './samples/samples.ts';

const ALL = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, limit: 1_000 };

test('the status has the newest stored value of each signal', () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      const newest: Record<string, unknown> = {};
      for (const [, slice] of [...fold(samples, events)].sort(([a], [b]) => (a < b ? -1 : 1))) {
        for (const { observedAtMs, reportId, signals } of readSamples(slice, ALL)) {
          for (const [name, value] of Object.entries(signals))
            newest[name] = { value, observedAtMs, reportId };
        }
      }
      const latest = statusOf(fold(status, events).get('') ?? status.initial('V1', ''))?.latest ?? new Map();
      const readings = [...latest].map(([name, { beside: _, ...reading }]) => [name, reading]);
      expect(Object.fromEntries(readings)).toEqual(newest);
    }),
  );
});
