import type {
  VehicleConditions,
  WatchRequest,
  WatchResponse,
} from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import { status } from '@odograph/projections/status';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_PROFILE, type Profile } from '../domain/profile.ts';
import { Directory } from '../statuses/directory.ts';
import type { KnownStatus } from '../statuses/statuses.ts';
import { Watches } from '../watch/watches.ts';
import { MESSAGE_STATUSES, watchStream } from './watch-stream.ts';

/** Which fleet a vehicle is in, by its version: each change has a greater one. */
const profileOf = (fleet: string, version: number): Profile => ({
  ...EMPTY_PROFILE,
  registration: { value: { ...DEFAULT_REGISTRATION, fleet }, version },
});

/** Vehicles that change at once, and watches of them. */
function open(maxWatches = 1_000) {
  const [directory, watches] = [new Directory(), new Watches()];
  const received = new Map<string, number>();
  let changes = 0;
  const change = (vehicleId: string, fleet: string) => {
    changes += 1;
    received.set(vehicleId, changes);
    watches.changed(vehicleId, directory.merge(vehicleId, profileOf(fleet, changes)));
  };
  const known = (vehicleId: string): KnownStatus => ({
    status: {
      slice: { ...status.initial(vehicleId, ''), lastReceivedAtMs: received.get(vehicleId) },
      parkedAt: undefined,
    },
    ...{ vehicleId, position: { partition: 0, sequence: 1 }, ageMs: 0, staleBecause: undefined },
  });
  const state = { isComplete: true };
  const watch = watchStream({
    ...{ partitionCount: 1, directory, watches, maxWatches, isComplete: () => state.isComplete },
    statuses: { getMany: async (ids) => ids.map(known) },
    following: { silentMs: () => 0, isLive: () => true },
  });
  const { signal } = new AbortController();
  const calling = { signal, deadlineAtMs: Number.POSITIVE_INFINITY, traceparent: '', client: 'a' };
  const begin = (conditions: Partial<VehicleConditions>) =>
    watch({ conditions: { ...NONE, ...conditions } } as WatchRequest, calling);
  return { directory, watches, change, received, begin, state };
}

const NONE: VehicleConditions = {
  ...{ vehicleIds: [], fleet: '', tag: '', model: '', text: '', box: undefined, includeRetired: false },
};

/** When each vehicle was received last, as a client has it that follows the messages. */
class Followed {
  readonly vehicles = new Map<string, number | undefined>();
  begins = 0;

  take({ beginsAgain, statuses, leftVehicleIds }: WatchResponse): void {
    if (beginsAgain) {
      this.begins += 1;
      this.vehicles.clear();
    }
    for (const { status: each } of statuses) this.vehicles.set(each?.vehicleId ?? '', each?.lastReceivedAtMs);
    for (const vehicleId of leftVehicleIds) this.vehicles.delete(vehicleId);
  }

  /** Until it has a vehicle. Ends the stream. */
  async takeUntil(vehicleId: string, stream: AsyncGenerator<WatchResponse>): Promise<void> {
    while (!this.vehicles.has(vehicleId)) this.take((await stream.next()).value);
    await stream.return(undefined);
  }
}

const VEHICLES = 3 * MESSAGE_STATUSES;
const nameOf = (at: number) => `bus-${String(at).padStart(5, '0')}`;

const anyChanges = fc.array(
  fc.record({ at: fc.nat(VEHICLES + 20), fleet: fc.constantFrom('north', 'north', 'south') }),
  { maxLength: 30 },
);

/** Changes vehicles, some turns later than others. */
async function apply(
  burst: readonly { readonly at: number; readonly fleet: string }[],
  change: (vehicleId: string, fleet: string) => void,
): Promise<void> {
  for (const [turn, { at, fleet }] of burst.entries()) {
    if (turn % 3 === 0) await Promise.resolve();
    change(nameOf(at), fleet);
  }
}

test('whatever changes while everything is sent, a client has what is there in the end, from one beginning', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyChanges, { minLength: 5, maxLength: 5 }), async (bursts) => {
      const { directory, watches, change, received, begin } = open();
      for (let at = 0; at < VEHICLES; at += 1) change(nameOf(at), at % 7 === 0 ? 'south' : 'north');
      const stream = begin({ fleet: 'north' });
      const followed = new Followed();
      for (const burst of bursts) {
        const next = stream.next();
        await apply(burst, change);
        followed.take((await next).value);
      }
      change('last', 'north');
      await followed.takeUntil('last', stream);
      const wanted = [...received].filter(
        ([vehicleId]) => directory.profileOf(vehicleId)?.registration?.value.fleet === 'north',
      );
      expect(new Map([...followed.vehicles].sort())).toEqual(new Map(wanted.sort()));
      expect([followed.begins, watches.size]).toEqual([1, 0]);
    }),
    { numRuns: 50 },
  );
});

test('a watch of a large fleet that all changes while it is sent ends at its latest statuses', async () => {
  const { change, begin } = open();
  const ids = Array.from({ length: 30_000 }, (_, at) => nameOf(at));
  for (const vehicleId of ids) change(vehicleId, 'north');
  const stream = begin({ fleet: 'north' });
  const followed = new Followed();
  for (let isComplete = false; !isComplete; ) {
    const { value } = await stream.next();
    followed.take(value);
    isComplete = value.isComplete;
    if (followed.vehicles.size % 10_000 === 0) for (const vehicleId of ids) change(vehicleId, 'north');
  }
  change('last', 'north');
  await followed.takeUntil('last', stream);
  expect([followed.begins, followed.vehicles.size]).toEqual([1, ids.length + 1]);
});

test('a wide watch takes as many places as it counts for', async () => {
  const { begin } = open(150);
  const streams = [{}, { fleet: 'north' }].map((conditions) => begin(conditions));
  for (const stream of streams) await stream.next();
  await expect(begin({ model: 'Citaro' }).next()).rejects.toMatchObject({
    code: 'OVERLOADED',
    message: 'more than 150 watches a client, and this one counts as 100: close one, then try again',
  });
  for (const stream of streams) await stream.return(undefined);
});

test('a watch that begins again while vehicles are still being listed ends with UNAVAILABLE', async () => {
  const { begin, watches, change, state } = open();
  change('bus-1', 'north');
  const stream = begin({ fleet: 'north' });
  while (!(await stream.next()).value.isComplete);
  state.isComplete = false;
  watches.beginAgain();
  await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
