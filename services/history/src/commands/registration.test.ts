import { encodeEvent } from '@odograph/contracts/event-catalogue';
import { committedEnvelope } from '@odograph/event-log/committed-envelope.fixture';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import type { VehicleRegistered } from '@odograph/kernel/vehicle-event';
import { status } from '@odograph/projections/status';
import { expect, test } from 'vitest';
import { registrationProjection } from '../domain/registration/registration-projection.ts';
import type { ReadModel } from '../views/read-model.ts';
import type { View } from '../views/view.ts';
import { whyLeftOut } from './left-out.ts';
import { createDecideRegistration } from './registration.ts';

const call = { deadlineAtMs: 9e15, signal: new AbortController().signal, traceparent: '' };
const MODELS = [registrationProjection.name, status.name];

/** The command on a log with one partition; records which read models are awaited, and at which sequence. */
function openCommand({ watermark, appendedAt }: { readonly watermark: number; readonly appendedAt: number }) {
  const reached: [string, number][] = [];
  const empty: View<never> = {
    slices: new Map<string, never>(),
    through: '',
    position: { partition: 0, sequence: 5 },
    parked: undefined,
  };
  const decide = createDecideRegistration({
    partitionCount: 1,
    registration: { projection: registrationProjection } as unknown as ReadModel<never>,
    status: { projection: status } as unknown as ReadModel<never>,
    reader: {
      read: async () => empty,
      reach: async ({ projection }, { sequence }) => void reached.push([projection.name, sequence]),
      positions: () => [{ partition: 0, sequence: 5 }],
    },
    log: { watermark: async () => watermark, readEnvelopes: async () => [] },
    publisher: { appendAll: async () => [{ partition: 0, sequence: appendedAt, index: 0 }] },
    clock: { now: () => 1_700_000_000_000 },
  });
  return { decide, reached };
}

test('a vehicle is unknown only once both read models have what the log has, also if one of them is behind', async () => {
  const { decide, reached } = openCommand({ watermark: 9, appendedAt: 10 });
  const command = { type: 'RetireVehicle' } as const;
  await expect(decide({ subject: 'ghost', decisionId: 'a', command }, call)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(reached).toEqual(MODELS.map((name) => [name, 9]));
});

const register = { type: 'RegisterVehicle', registration: DEFAULT_REGISTRATION } as const;

test('a decision that the log does not have where it was appended is not known to be made', async () => {
  const { decide, reached } = openCommand({ watermark: 9, appendedAt: 10 });
  await expect(decide({ subject: 'V1', decisionId: 'a', command: register }, call)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'decision a is not in the log at 0/10/0: send it again with the same id',
  });
  expect(reached).toEqual(MODELS.map((name) => [name, 10]));
});

test('a position that the views include before the append is that of another stream', async () => {
  const { decide } = openCommand({ watermark: 9, appendedAt: 5 });
  await expect(decide({ subject: 'V1', decisionId: 'a', command: register }, call)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the stream of partition 0 is not the one that the log has: send the decision again',
  });
});

test('the fate of an event is believed only if the log has this event at its position', async () => {
  const decision: VehicleRegistered = {
    ...{ type: 'VehicleRegistered', subject: 'V1', reportId: 'a', observedAtMs: 0, receivedAtMs: 5 },
    ...{ aggregateVersion: 1, commandHash: 'ab'.repeat(16), registration: DEFAULT_REGISTRATION },
  };
  const envelope = committedEnvelope({
    sequence: 7,
    events: [decision, decision].map((e) => encodeEvent(e)),
  });
  const judged = { ...envelope, fates: [{ index: 1, kind: 'superseded' as const }] };
  const why = (event: { reportId: string }, index: number, stored = judged) =>
    whyLeftOut(
      { readEnvelopes: async () => [stored] },
      { ...decision, ...event },
      { partition: 0, sequence: 7, index },
    );
  expect(await why({ reportId: 'a' }, 1)).toBe('superseded');
  expect(await why({ reportId: 'a' }, 0)).toBeUndefined();
  expect(await why({ reportId: 'b' }, 1)).toBeUndefined();
  expect(await why({ reportId: 'a' }, 1, { ...judged, bytes: new Uint8Array() })).toBe('superseded');
});
