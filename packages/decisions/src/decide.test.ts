import { setImmediate as turn } from 'node:timers/promises';
import { type Aggregate, applyDecision } from '@odograph/kernel/aggregate';
import type { Decider } from '@odograph/kernel/decider';
import { Fault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION, type Registration } from '@odograph/kernel/registration';
import type { RegistrationEvent } from '@odograph/kernel/vehicle-event';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecide, type DecisionRequest, type LeftOut } from './decide.ts';

type Command =
  | { readonly type: 'RegisterVehicle'; readonly registration: Registration }
  | { readonly type: 'UpdateVehicle'; readonly change: { readonly fleet: string } }
  | { readonly type: 'RetireVehicle' };
type Fact =
  | { readonly type: 'VehicleRegistered' | 'VehicleUpdated'; readonly registration: Registration }
  | { readonly type: 'VehicleRetired' };
interface State {
  readonly registration: Registration | undefined;
  readonly isRetired: boolean;
}

/** An aggregate that allows some commands and refuses others. */
const decider: Decider<Command, State, Fact> = {
  initial: { registration: undefined, isRetired: false },
  decide(command, { registration, isRetired }) {
    if (command.type === 'RegisterVehicle') {
      if (command.registration.vin === '')
        return { type: 'VehicleRegistered', registration: command.registration };
      return {
        ...{ rejected: 'INVALID_INPUT', message: 'the registration is wrong' },
        findings: [{ field: 'vin', reason: 'INVALID', description: 'is wrong' }],
      };
    }
    if (isRetired) {
      const message = 'the vehicle is retired: register it again first';
      const findings = [{ field: 'vehicle_id', reason: 'RETIRED', description: 'is retired' }];
      return { rejected: 'RULE_VIOLATED', message, findings };
    }
    if (command.type === 'RetireVehicle') return { type: 'VehicleRetired' };
    const next = { ...(registration ?? DEFAULT_REGISTRATION), ...command.change };
    return { type: registration ? 'VehicleUpdated' : 'VehicleRegistered', registration: next };
  },
  evolve: (state, fact) =>
    fact.type === 'VehicleRetired'
      ? { ...state, isRetired: true }
      : { registration: fact.registration, isRetired: false },
};

const call = { deadlineAtMs: 9e15, signal: new AbortController().signal, traceparent: '' };
const toFleet = (fleet: string): Command => ({ type: 'UpdateVehicle', change: { fleet } });

interface Entry {
  readonly event: RegistrationEvent;
  readonly leftOut?: LeftOut;
  /** The event was parked, and dropped. */
  isDropped?: boolean;
}

/** A log that keeps each version of an aggregate once and each decision once, as the log of history does. */
function openLog() {
  /** By sequence, from 1. Undefined: the log has nothing there. */
  const entries: (Entry | undefined)[] = [];
  const kept = () => entries.flatMap((entry) => (entry && !entry.leftOut ? [entry.event] : []));
  function leftOut({ reportId, aggregateVersion }: RegistrationEvent): { leftOut?: LeftOut } {
    if (kept().some((event) => event.reportId === reportId)) return { leftOut: 'duplicate' };
    const isTaken = kept().some((event) => event.aggregateVersion === aggregateVersion);
    return isTaken ? { leftOut: 'superseded' } : {};
  }
  return {
    entries,
    kept,
    head: () => entries.length,
    append(event: RegistrationEvent) {
      entries.push({ event, ...leftOut(event) });
      return { partition: 0, sequence: entries.length, index: 0 };
    },
    load(through: number) {
      const aggregate: Aggregate<State> = { version: 0, state: decider.initial, decisions: [] };
      for (const [at, entry] of entries.slice(0, through).entries()) {
        const position = { partition: 0, sequence: at + 1, index: 0 };
        if (!entry || entry.leftOut || entry.isDropped) continue;
        applyDecision(aggregate, { event: entry.event, position }, decider.evolve);
      }
      return aggregate;
    },
  };
}

interface ProcessOptions {
  /** Runs between its decision and its append. */
  readonly beforeAppend?: () => unknown;
  /** Its views have only what it waited for. */
  readonly isLagging?: boolean;
}

/** A process that decides on a log, which others may share. */
function openDecider(log = openLog(), { beforeAppend, isLagging = false }: ProcessOptions = {}) {
  let reached = 0;
  const run = createDecide<Command, State, Fact>({
    decider,
    load: async () => {
      await turn();
      return log.load(isLagging ? reached : log.head());
    },
    toEvent: (head, fact) => ({ ...head, ...fact }),
    async append(event) {
      await beforeAppend?.();
      await turn();
      return log.append(event as RegistrationEvent);
    },
    async reach({ sequence }, signal) {
      await turn();
      if (signal.aborted) throw new Fault('DEADLINE', `not yet at ${sequence}`);
      reached = Math.max(reached, sequence);
    },
    reachHead: async () => {
      await turn();
      reached = log.head();
    },
    whyLeftOut: async (_, { sequence }) => log.entries[sequence - 1]?.leftOut,
    clock: { now: () => 1_700_000_000_000 },
  });
  const decide = (
    decisionId: string,
    command: Command,
    { signal, ...more }: Partial<DecisionRequest<Command>> & { signal?: AbortSignal } = {},
  ) => run({ subject: 'V1', decisionId, command, ...more }, { ...call, ...(signal && { signal }) });
  return { log, decide };
}

describe('a decision', () => {
  test('is appended with the next version, and answered with it and its position', async () => {
    const { log, decide } = openDecider();
    expect(await decide('a', toFleet('north'))).toEqual({
      ...{ version: 1, position: { partition: 0, sequence: 1, index: 0 } },
    });
    expect(await decide('b', toFleet('south'))).toMatchObject({ version: 2, position: { sequence: 2 } });
    expect(log.kept()).toMatchObject([
      {
        type: 'VehicleRegistered',
        reportId: 'a',
        aggregateVersion: 1,
        commandHash: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
      { type: 'VehicleUpdated', reportId: 'b', aggregateVersion: 2, receivedAtMs: 1_700_000_000_000 },
    ]);
  });

  test('that is sent again gets the same answer, also after others, and appends nothing', async () => {
    const { log, decide } = openDecider();
    const first = await decide('a', toFleet('north'));
    await decide('b', toFleet('south'));
    expect(await decide('a', toFleet('north'))).toEqual(first);
    expect(log.entries).toHaveLength(2);
  });

  test('that is sent again while the first attempt is under way gets the same answer', async () => {
    const log = openLog();
    const [one, other] = [openDecider(log), openDecider(log)];
    const answers = await Promise.all([
      one.decide('a', toFleet('north')),
      one.decide('a', toFleet('north')),
      other.decide('a', toFleet('north')),
    ]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(log.kept()).toHaveLength(1);
  });

  test('with the id of another one names the id', async () => {
    const { decide } = openDecider();
    await decide('a', toFleet('north'));
    await expect(decide('a', toFleet('south'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'decision_id', reason: 'REUSED' }],
    });
  });

  test('on another version than the expected one is a conflict, and appends nothing', async () => {
    const { log, decide } = openDecider();
    await decide('a', toFleet('north'), { expectedVersion: 0 });
    await expect(decide('b', toFleet('south'), { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      message: 'V1 has version 1, not 0: read it again, then decide again',
    });
    expect(log.entries).toHaveLength(1);
    expect(await decide('a', toFleet('north'), { expectedVersion: 0 })).toMatchObject({ version: 1 });
  });

  test('that the rules refuse is their fault, with the fields', async () => {
    const { decide } = openDecider();
    await decide('a', { type: 'RetireVehicle' });
    await expect(decide('b', { type: 'RetireVehicle' })).rejects.toMatchObject({
      code: 'RULE_VIOLATED',
      message: 'the vehicle is retired: register it again first',
      findings: [{ field: 'vehicle_id', reason: 'RETIRED' }],
    });
    const registration = { ...DEFAULT_REGISTRATION, vin: 'x' };
    await expect(decide('c', { type: 'RegisterVehicle', registration })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'vin' }],
    });
  });

  test('whose append is not confirmed is that fault, and is found when it is sent again', async () => {
    const log = openLog();
    let isLost = true;
    const { decide } = openDecider({
      ...log,
      append(event) {
        const position = log.append(event);
        if (isLost) throw new Fault('UNAVAILABLE', 'not confirmed');
        return position;
      },
    });
    await expect(decide('a', toFleet('north'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    isLost = false;
    expect(await decide('a', toFleet('north'))).toMatchObject({ version: 1, position: { sequence: 1 } });
  });
});

test('a decision that waits behind a parked event says so', async () => {
  const log = openLog();
  let loads = 0;
  const { decide } = openDecider({
    ...log,
    load(through) {
      loads += 1;
      if (loads > 1) throw new Fault('RULE_VIOLATED', 'event 0/1/0 of V1 is parked');
      return log.load(through);
    },
  });
  await expect(decide('a', toFleet('north'))).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: 'the decision was appended at 0/1/0, but waits: event 0/1/0 of V1 is parked',
  });
  await expect(decide('a', toFleet('north'))).rejects.toMatchObject({
    message: 'event 0/1/0 of V1 is parked',
  });
});

test('a decision with an id that is no longer remembered says so, and appends nothing', async () => {
  const { log, decide } = openDecider();
  const ids = Array.from({ length: 65 }, (_, at) => `d${at}`);
  for (const id of ids) await decide(id, toFleet(id));
  expect(await decide('d1', toFleet('d1'))).toMatchObject({ version: 2 });
  await expect(decide('d0', toFleet('other'))).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message:
      'decision_id d0 is that of an earlier decision that is no longer remembered: give this one a new id',
  });
  expect(log.kept()).toHaveLength(65);
});

describe('a process that has not folded what another one was told', () => {
  const openTwo = async () => {
    const log = openLog();
    const [told, lagging] = [openDecider(log), openDecider(log, { isLagging: true })];
    await told.decide('a', toFleet('north'));
    return { log, told, lagging };
  };

  test('decides on the version that its caller expects', async () => {
    const { lagging } = await openTwo();
    expect(await lagging.decide('b', toFleet('south'), { expectedVersion: 1 })).toMatchObject({ version: 2 });
  });

  test('allows what the newest state allows', async () => {
    const { told, lagging } = await openTwo();
    await told.decide('b', { type: 'RetireVehicle' });
    await lagging.decide('c', { type: 'RegisterVehicle', registration: DEFAULT_REGISTRATION });
    await told.decide('d', { type: 'RetireVehicle' });
    const again = lagging.decide('e', { type: 'RegisterVehicle', registration: DEFAULT_REGISTRATION });
    expect(await again).toMatchObject({ version: 5 });
  });

  test('refuses on the newest state', async () => {
    const { told, lagging } = await openTwo();
    await told.decide('b', toFleet('south'));
    await expect(lagging.decide('c', toFleet('x'), { expectedVersion: 0 })).rejects.toMatchObject({
      message: 'V1 has version 2, not 0: read it again, then decide again',
    });
  });

  test('waits for nothing before an append, which the log itself guards', async () => {
    const { log, lagging } = await openTwo();
    expect(await lagging.decide('b', toFleet('south'))).toMatchObject({ version: 2 });
    expect(log.entries.map((entry) => entry?.leftOut)).toEqual([undefined, 'superseded', undefined]);
  });
});

describe('after decisions that were parked and dropped', () => {
  test('the next one gets the next version that is free in the log', async () => {
    const { log, decide } = openDecider();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const { position } = await decide(id, toFleet(id));
      const entry = log.entries[position.sequence - 1];
      if (entry && id !== 'a') entry.isDropped = true;
    }
    expect(await decide('i', toFleet('i'), { expectedVersion: 1 })).toMatchObject({ version: 9 });
    expect(log.kept().map(({ aggregateVersion }) => aggregateVersion)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(log.load(log.head())).toMatchObject({ version: 9, state: { registration: { fleet: 'i' } } });
  });

  test('the same one again needs another id', async () => {
    const { log, decide } = openDecider();
    await decide('a', toFleet('a'));
    const [entry] = log.entries;
    if (entry) entry.isDropped = true;
    await expect(decide('a', toFleet('a'))).rejects.toMatchObject({ findings: [{ reason: 'REUSED' }] });
  });
});

test('a decision at whose position the log has nothing may be made later, and is found when it is sent again', async () => {
  const log = openLog();
  let setAside: RegistrationEvent | undefined;
  const { decide } = openDecider({
    ...log,
    append(event) {
      if (setAside) return log.append(event);
      setAside = event;
      log.entries.push(undefined);
      return { partition: 0, sequence: log.head(), index: 0 };
    },
  });
  await expect(decide('a', toFleet('north'))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'decision a is not in the log at 0/1/0: send it again with the same id',
  });
  if (setAside) log.append(setAside);
  expect(await decide('a', toFleet('north'))).toMatchObject({ version: 1, position: { sequence: 2 } });
});

test('a decision whose caller stops waiting is found when it is sent again', async () => {
  const stop = new AbortController();
  const { log, decide } = openDecider(openLog(), { beforeAppend: () => stop.abort() });
  const { signal } = stop;
  await expect(decide('a', toFleet('north'), { signal })).rejects.toMatchObject({ code: 'DEADLINE' });
  expect(await decide('a', toFleet('north'))).toMatchObject({ version: 1, position: { sequence: 1 } });
  expect(log.entries).toHaveLength(1);
});

describe('a decision that lost its version', () => {
  test('is made again on the new state', async () => {
    const log = openLog();
    const other = openDecider(log);
    let races = 2;
    const { decide } = openDecider(log, {
      beforeAppend: () => {
        races -= 1;
        return races >= 0 && other.decide(`other-${races}`, toFleet(`f${races}`));
      },
    });
    expect(await decide('a', toFleet('north'))).toMatchObject({ version: 3, position: { sequence: 5 } });
    expect(log.kept().map(({ reportId }) => reportId)).toEqual(['other-1', 'other-0', 'a']);
  });

  test('against the version that its caller expected is a conflict', async () => {
    const log = openLog();
    const other = openDecider(log);
    const { decide } = openDecider(log, { beforeAppend: () => other.decide('other', toFleet('south')) });
    await expect(decide('a', toFleet('north'), { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    expect(log.kept()).toHaveLength(1);
  });

  test('is given up after it was made again five times', async () => {
    const log = openLog();
    const other = openDecider(log);
    let fleets = 0;
    const { decide } = openDecider(log, {
      beforeAppend: () => {
        fleets += 1;
        return other.decide(`other-${fleets}`, toFleet(`f${fleets}`));
      },
    });
    await expect(decide('a', toFleet('north'))).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      message: 'V1 was changed 6 times while this was decided: read it again, then decide again',
    });
    expect(log.kept()).toHaveLength(6);
  });
});

test('whatever deciders do at the same time, the log has versions without hole or double, and each answer is in it', async () => {
  const anyCommands = fc.array(fc.tuple(fc.nat(2), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(anyCommands, async (commands) => {
      const log = openLog();
      const deciders = [false, true, true].map((isLagging) => openDecider(log, { isLagging }));
      const answers = await Promise.allSettled(
        // The content depends on the id alone, as it does for a decision that is sent again.
        commands.map(([which, id]) => deciders[which]?.decide(id, toFleet(id))),
      );
      const versions = log.kept().map(({ aggregateVersion }) => aggregateVersion);
      expect(versions).toEqual(versions.map((_, at) => at + 1));
      for (const [at, answer] of answers.entries()) {
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'VERSION_CONFLICT' });
        else {
          const entry = log.entries[(answer.value?.position.sequence ?? 0) - 1];
          expect(entry?.event).toMatchObject({
            reportId: commands[at]?.[1],
            aggregateVersion: answer.value?.version,
          });
        }
      }
    }),
    { numRuns: 60 },
  );
});
