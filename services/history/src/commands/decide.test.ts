import { setImmediate as turn } from 'node:timers/promises';
import { Fault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import type { RegistrationEvent } from '@odograph/kernel/vehicle-event';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type RegistrationCommand,
  type RegistrationFact,
  type RegistrationState,
  registrationDecider,
} from '../domain/registration/registration.ts';
import { registrationProjection } from '../domain/registration/registration-projection.ts';
import { createDecide, type DecisionRequest } from './decide.ts';

const call = { deadlineAtMs: 9e15, signal: new AbortController().signal, traceparent: '' };
const toFleet = (fleet: string): RegistrationCommand => ({ type: 'UpdateVehicle', change: { fleet } });

/** A log that keeps each version of an aggregate once and each decision once, as the log of history does. */
function openLog() {
  /** Undefined: superseded, or there before. */
  const entries: (RegistrationEvent | undefined)[] = [];
  const kept = () => entries.filter((event) => event !== undefined);
  return {
    entries,
    kept,
    append(event: RegistrationEvent) {
      const isTaken = kept().some(
        ({ reportId, aggregateVersion }) =>
          reportId === event.reportId || aggregateVersion === event.aggregateVersion,
      );
      entries.push(isTaken ? undefined : event);
      return { partition: 0, sequence: entries.length, index: 0 };
    },
    load() {
      const aggregate = registrationProjection.initial('V1', '');
      for (const [at, event] of entries.entries()) {
        const position = { partition: 0, sequence: at + 1, index: 0 };
        if (event) registrationProjection.read(event, position).applyTo(aggregate, '');
      }
      return aggregate;
    },
  };
}

/** A process that decides on a log, which others may share. `beforeAppend` runs between its decision and its append. */
function openDecider(log = openLog(), beforeAppend: () => unknown = () => undefined) {
  const run = createDecide<RegistrationCommand, RegistrationState, RegistrationFact>({
    decider: registrationDecider,
    load: async () => {
      await turn();
      return log.load();
    },
    toEvent: (head, fact) => ({ ...head, ...fact }),
    async append(event) {
      await beforeAppend();
      await turn();
      return log.append(event as RegistrationEvent);
    },
    reach: async () => void (await turn()),
    clock: { now: () => 1_700_000_000_000 },
  });
  const decide = (
    decisionId: string,
    command: RegistrationCommand,
    more: Partial<DecisionRequest<RegistrationCommand>> = {},
  ) => run({ subject: 'V1', decisionId, command, ...more }, call);
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

test('a decision that is in the log behind a parked event says so', async () => {
  const log = openLog();
  let loads = 0;
  const { decide } = openDecider({
    ...log,
    load() {
      loads += 1;
      if (loads > 1) throw new Fault('RULE_VIOLATED', 'event 0/1/0 of V1 is parked');
      return log.load();
    },
  });
  await expect(decide('a', toFleet('north'))).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: 'the decision is in the log at 0/1/0, but waits: event 0/1/0 of V1 is parked',
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

describe('a decision that lost its version', () => {
  test('is made again on the new state', async () => {
    const log = openLog();
    const other = openDecider(log);
    let races = 2;
    const { decide } = openDecider(log, () => {
      races -= 1;
      return races >= 0 && other.decide(`other-${races}`, toFleet(`f${races}`));
    });
    expect(await decide('a', toFleet('north'))).toMatchObject({ version: 3, position: { sequence: 5 } });
    expect(log.kept().map(({ reportId }) => reportId)).toEqual(['other-1', 'other-0', 'a']);
  });

  test('against the version that its caller expected is a conflict', async () => {
    const log = openLog();
    const other = openDecider(log);
    const { decide } = openDecider(log, () => other.decide('other', toFleet('south')));
    await expect(decide('a', toFleet('north'), { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    expect(log.kept()).toHaveLength(1);
  });

  test('is given up after it was made again five times', async () => {
    const log = openLog();
    const other = openDecider(log);
    let fleets = 0;
    const { decide } = openDecider(log, () => {
      fleets += 1;
      return other.decide(`other-${fleets}`, toFleet(`f${fleets}`));
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
      const deciders = [openDecider(log), openDecider(log), openDecider(log)];
      const answers = await Promise.allSettled(
        // The content depends on the id alone, as it does for a decision that is sent again.
        commands.map(([which, id]) => deciders[which]?.decide(id, toFleet(id))),
      );
      const versions = log.kept().map(({ aggregateVersion }) => aggregateVersion);
      expect(versions).toEqual(versions.map((_, at) => at + 1));
      for (const [at, answer] of answers.entries()) {
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'VERSION_CONFLICT' });
        else {
          const event = log.entries[(answer.value?.position.sequence ?? 0) - 1];
          expect(event).toMatchObject({
            reportId: commands[at]?.[1],
            aggregateVersion: answer.value?.version,
          });
        }
      }
    }),
    { numRuns: 60 },
  );
});
