import {
  DropParkedRequest,
  RetryParkedRequest,
} from '@odograph/contracts/generated/odograph/history/v1/projections';
import {
  RegisterRequest,
  RetireRequest,
  UpdateRequest,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_registry';
import { UnitSystem } from '@odograph/contracts/generated/odograph/telemetry/v1/registration';
import {
  createDecisionQuota,
  DECISIONS_BURST_S,
  type DecisionQuota,
} from '@odograph/decisions/decision-quota';
import type { CallContext, UnaryMethod } from '@odograph/platform/grpc/handler';
import type { StatusSlice } from '@odograph/projections/status-slice';
import { expect, test } from 'vitest';
import type { RegistrationAggregate } from '../domain/registration/registration-projection.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { ViewReader } from '../views/view-reader.ts';
import type { ParkedList } from './parked-list.ts';
import { projectionsService } from './projections-service.ts';
import { vehicleRegistryService } from './vehicle-registry-service.ts';

const PER_SECOND = 10;
const AT_ONCE = PER_SECOND * DECISIONS_BURST_S;

function openQuota() {
  const clock = { ms: 1_700_000_000_000, now: () => clock.ms };
  const quota = createDecisionQuota({ decisionsPerSecond: PER_SECOND, clock });
  /** How many decisions of a client are admitted one after the other. */
  const admitted = (client: string, decisions: number) => {
    for (let count = 0; count < decisions; count += 1) {
      try {
        quota.admit(client);
      } catch {
        return count;
      }
    }
    return decisions;
  };
  return { quota, clock, admitted };
}

test('a client may make the decisions of some seconds at once, and then as many as its rate', () => {
  const { clock, admitted } = openQuota();
  expect(admitted('a', 2 * AT_ONCE)).toBe(AT_ONCE);
  clock.ms += 1_000;
  expect(admitted('a', 2 * AT_ONCE)).toBe(PER_SECOND);
});

test('a refusal names the limit and says when the next decision is admitted', () => {
  const { quota, clock, admitted } = openQuota();
  admitted('a', AT_ONCE);
  const refused = {
    ...{ code: 'OVERLOADED', message: 'more than 10 decisions/s a client: wait 100 ms' },
    ...{ limit: '10 decisions/s a client', limitName: 'client_decisions_per_second', retryAfterMs: 100 },
  };
  expect(() => quota.admit('a')).toThrow(expect.objectContaining(refused));
  clock.ms += 100;
  quota.admit('a');
});

test('a client at its limit holds up no other one', () => {
  const { admitted } = openQuota();
  admitted('a', 2 * AT_ONCE);
  expect(admitted('b', 1)).toBe(1);
});

/** The services that decide. Their commands count. */
function openServices(quota: DecisionQuota) {
  const made: string[] = [];
  const decide = async () => {
    made.push('a decision');
    return { version: 1, position: { partition: 0, sequence: 1, index: 0 } };
  };
  const release = async () => (await decide()).position;
  const registry = vehicleRegistryService({
    ...{
      partitionCount: 1,
      views: { reader: {} as ViewReader },
      decisions: quota,
      decideRegistration: decide,
    },
    registration: {} as ReadModel<RegistrationAggregate>,
    status: {} as ReadModel<StatusSlice>,
  });
  const projections = projectionsService({
    ...{ decisions: quota, releaseParked: release, parkedList: {} as ParkedList },
  });
  return { made, implementation: { ...registry.implementation, ...projections.implementation } };
}

const call = { client: 'a' } as CallContext;
const VEHICLE = { vehicleId: 'bus-1', decisionId: 'd-1' };
const PARKED = { vehicleId: 'bus-1', projection: 'status' };

test.each([
  ['register', RegisterRequest.create({ ...VEHICLE, units: UnitSystem.METRIC })],
  ['update', UpdateRequest.create({ ...VEHICLE, model: 'Citaro' })],
  ['retire', RetireRequest.create(VEHICLE)],
  ['retryParked', RetryParkedRequest.create(PARKED)],
  ['dropParked', DropParkedRequest.create(PARKED)],
])('%s counts as a decision, unless its request is wrong', async (method, request) => {
  const { quota, admitted } = openQuota();
  const { made, implementation } = openServices(quota);
  const { handler } = implementation[method] as UnaryMethod<unknown, unknown>;
  admitted('a', AT_ONCE - 1);
  await expect(handler({ ...request, vehicleId: 'bus 1' }, call)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await handler(request, call);
  await expect(handler(request, call)).rejects.toMatchObject({ limitName: 'client_decisions_per_second' });
  expect(made).toHaveLength(1);
});
