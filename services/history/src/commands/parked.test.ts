import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { AppendOptions } from '@odograph/event-log/publisher';
import { partitionOf } from '@odograph/kernel/partition';
import { expect, test } from 'vitest';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import { totalsProjection } from '../views/totals.fixture.ts';
import { createReleaseParked, type ReleaseParked } from './parked.ts';

const AT = { partition: 1, sequence: 7, index: 2 };
const parked: Parked = { projection: 'totals', subject: 'bus-1', position: AT, reason: 'cannot add 666' };
const NOW_MS = 1_700_000_000_000;

/** The command on memory: records what is appended and which position is awaited, in this order. */
function openCommand(found: Parked | undefined) {
  const steps: unknown[] = [];
  const position = { partition: 0, sequence: 9, index: 0 };
  const release = createReleaseParked({
    partitionCount: 4,
    models: [{ projection: totalsProjection() } as unknown as ReadModel<unknown>],
    reader: { parkedOf: async () => found, reach: async (_, at) => void steps.push(at) },
    publisher: {
      appendAll: async ([events]: readonly (readonly Event[])[], { partition }: AppendOptions) => {
        const [event] = events ?? [];
        steps.push([partition, event && decodeEvent(event)]);
        return [position];
      },
    },
    clock: { now: () => NOW_MS },
  });
  const call = { deadlineAtMs: NOW_MS + 1_000, signal: new AbortController().signal, traceparent: '' };
  const run = (type: ReleaseParked['type'], projection: string) =>
    release({ type, projection, vehicleId: 'bus-1' }, call);
  return { steps, position, run };
}

test.each(['ParkedEventRetried', 'ParkedEventDropped'] as const)(
  'a release is %s at the parked event, in the partition of its vehicle, and then awaited in the views',
  async (type) => {
    const { steps, position, run } = openCommand(parked);
    expect(await run(type, 'totals')).toEqual(position);
    const times = { observedAtMs: NOW_MS, receivedAtMs: NOW_MS };
    const released = { type, subject: 'bus-1', projection: 'totals', position: AT, ...times };
    expect(steps).toMatchObject([[partitionOf('bus-1', 4), released], position]);
    expect(partitionOf('bus-1', 4)).not.toBe(0);
  },
);

test.each([
  ['no event is parked', undefined, 'totals'],
  ['the projection is unknown', parked, 'trips'],
])('a release appends nothing if %s', async (_, found, projection) => {
  const { steps, run } = openCommand(found);
  await expect(run('ParkedEventDropped', projection)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: `no event of bus-1 is parked in ${projection}`,
  });
  expect(steps).toEqual([]);
});
