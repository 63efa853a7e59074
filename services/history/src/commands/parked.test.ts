import { decodeEvent } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { AppendOptions } from '@odograph/event-log/publisher';
import { partitionOf } from '@odograph/kernel/partition';
import { expect, test } from 'vitest';
import type { Parked } from '../views/checkpoints.ts';
import type { ReadModel } from '../views/read-model.ts';
import { totalsProjection } from '../views/totals.fixture.ts';
import { createReleaseParked, decideRelease } from './parked.ts';

const AT = { partition: 1, sequence: 7, index: 2 };
const parked: Parked = { projection: 'totals', subject: 'bus-1', position: AT, reason: 'cannot add 666' };
const stamp = { reportId: 'r1', nowMs: 1_700_000_000_000 };

test.each(['ParkedEventRetried', 'ParkedEventDropped'] as const)(
  'given a parked event, when it is released, then the decision is %s at its position',
  (type) => {
    const command = { type, projection: 'totals', vehicleId: 'bus-1' };
    expect(decideRelease(command, parked, stamp)).toEqual({
      ...{ type, subject: 'bus-1', reportId: 'r1', projection: 'totals', position: AT },
      ...{ observedAtMs: stamp.nowMs, receivedAtMs: stamp.nowMs },
    });
  },
);

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
        steps.push([partition, event && decodeEvent(event).type]);
        return [position];
      },
    },
    clock: { now: () => stamp.nowMs },
  });
  const call = { deadlineAtMs: stamp.nowMs + 1_000, signal: new AbortController().signal, traceparent: '' };
  const drop = (projection: string) =>
    release({ type: 'ParkedEventDropped', projection, vehicleId: 'bus-1' }, call);
  return { steps, position, drop };
}

test('a release is appended to the partition of its vehicle, and then awaited in the views', async () => {
  const { steps, position, drop } = openCommand(parked);
  expect(await drop('totals')).toEqual(position);
  expect(steps).toEqual([[partitionOf('bus-1', 4), 'ParkedEventDropped'], position]);
  expect(partitionOf('bus-1', 4)).not.toBe(0);
});

test.each([
  ['no event is parked', undefined, 'totals'],
  ['the projection is unknown', parked, 'trips'],
])('a release appends nothing if %s', async (_, found, projection) => {
  const { steps, drop } = openCommand(found);
  await expect(drop(projection)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: `no event of bus-1 is parked in ${projection}`,
  });
  expect(steps).toEqual([]);
});
