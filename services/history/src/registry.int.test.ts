import { randomUUID } from 'node:crypto';
import { decodeEvent, encodeEvent } from '@odograph/contracts/event-catalogue';
import { UnitSystem } from '@odograph/contracts/generated/odograph/telemetry/v1/registration';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registrationProjection } from './domain/registration/registration-projection.ts';
import { openTestHistory } from './history.fixture.ts';
import { reported } from './log/log.fixture.ts';

const NOON_MS = Date.parse('2024-05-01T12:00:00Z');

let platform: Awaited<ReturnType<typeof openTestHistory>>;
beforeAll(async () => {
  platform = await openTestHistory();
});
afterAll(() => platform.stop());

const BUS = {
  ...{ fleet: 'north', model: 'Citaro', displayName: 'Bus 7', vin: '1M8GDM9AXKP042788' },
  ...({ tags: ['night', 'depot:7'], capabilities: ['horn', 'door_lock'], units: 'imperial' } as const),
};

const report = (vehicleId: string, reportId = 'r1') =>
  platform.append(reported({ vehicleId, reportId, observedAtMs: NOON_MS }));

/** The events of a vehicle's decisions: type, version and id of each. */
async function decisionsOf(subject: string) {
  const types = ['VehicleRegistered', 'VehicleUpdated', 'VehicleRetired'];
  const events = await Array.fromAsync(platform.client.readLog({ subject, types }));
  return events.map(({ event }) => [event.type, event.aggregateVersion, event.reportId]);
}

describe('a vehicle', () => {
  test('that is registered is in every query, before and after it reports', async () => {
    const { client } = platform;
    const { version, position } = await client.registerVehicle('bus-7', BUS);
    expect(version).toBe(1);
    expect(await client.vehicle('bus-7')).toMatchObject({
      vehicle: {
        ...{ vehicleId: 'bus-7', isRetired: false, version: 1 },
        registration: {
          ...{ ...BUS, tags: ['depot:7', 'night'], capabilities: ['door_lock', 'horn'] },
          units: UnitSystem.IMPERIAL,
        },
      },
    });
    expect((await client.status('bus-7', { atLeast: position })).status).toMatchObject({
      ...{ fleet: 'north', displayName: 'Bus 7', registrationVersion: 1, lastReceivedAtMs: 0 },
    });
    const atLeast = await report('bus-7');
    expect((await client.status('bus-7', { atLeast })).status).toMatchObject({
      ...{ fleet: 'north', vin: BUS.vin, vinCheckDigitOk: true, units: UnitSystem.IMPERIAL },
      signals: { speedKmh: 50 },
    });
  });

  test('that only reported has the default registration, is registered by an update, and is at version 1', async () => {
    const { client } = platform;
    const atLeast = await report('car-1');
    expect((await client.vehicle('car-1', { atLeast })).vehicle).toMatchObject({
      ...{ version: 0, registration: { fleet: 'default', model: '', units: UnitSystem.METRIC } },
    });
    expect(await client.updateVehicle('car-1', { model: 'Twizy' })).toMatchObject({ version: 1 });
    expect((await client.vehicle('car-1')).vehicle).toMatchObject({
      ...{ version: 1, registration: { fleet: 'default', model: 'Twizy' } },
    });
  });

  test('that is retired leaves the lists, keeps its history, and can be registered again', async () => {
    const { client } = platform;
    const fleet = 'retiring';
    await report('car-2');
    await client.registerVehicle('car-2', { fleet });
    const atLeast = [(await client.retireVehicle('car-2')).position];
    expect((await client.statusPage({ fleet, atLeast })).statuses).toEqual([]);
    expect((await client.vehiclePage({ fleet, atLeast })).vehicles).toEqual([]);
    const withRetired = { fleet, atLeast, includeRetired: true };
    expect((await client.statusPage(withRetired)).statuses).toMatchObject([
      { vehicleId: 'car-2', isRetired: true, registrationVersion: 2, signals: { speedKmh: 50 } },
    ]);
    expect((await client.vehiclePage(withRetired)).vehicles).toMatchObject([
      { vehicleId: 'car-2', version: 2 },
    ]);
    expect((await client.samplePage('car-2')).samples).toHaveLength(1);
    await expect(client.updateVehicle('car-2', { model: 'x' })).rejects.toMatchObject({
      code: 'RULE_VIOLATED',
      findings: [{ field: 'vehicle_id', reason: 'RETIRED' }],
    });
    expect(await client.registerVehicle('car-2', { fleet })).toMatchObject({ version: 3 });
    expect((await client.statusPage({ fleet })).statuses).toHaveLength(1);
    expect((await decisionsOf('car-2')).map(([type, version]) => [type, version])).toEqual([
      ['VehicleRegistered', 1],
      ['VehicleRetired', 2],
      ['VehicleRegistered', 3],
    ]);
  });

  test('that is not known cannot be read, changed or retired', async () => {
    const { client } = platform;
    const unknown = { code: 'NOT_FOUND', message: 'vehicle ghost has never reported and is not registered' };
    await expect(client.vehicle('ghost')).rejects.toMatchObject(unknown);
    await expect(client.updateVehicle('ghost', { model: 'x' })).rejects.toMatchObject(unknown);
    await expect(client.retireVehicle('ghost')).rejects.toMatchObject(unknown);
    expect(await decisionsOf('ghost')).toEqual([]);
  });
});

describe('the vehicles', () => {
  test('are listed by fleet, tag, model and text, page by page, from stored documents and tails', async () => {
    const { client } = platform;
    const ids = Array.from({ length: 12 }, (_, at) => `list-${String(at).padStart(2, '0')}`);
    const decisions = await Promise.all(
      ids.map((id, at) =>
        client.registerVehicle(id, {
          ...{ fleet: 'listed', model: at % 2 ? 'odd' : 'even' },
          ...{ displayName: `Wagen ${at}`, tags: at % 3 ? ['third', 'all'] : ['all'] },
        }),
      ),
    );
    const atLeast = decisions.map(({ position }) => position);
    const statusIds = async (filter: object) => {
      const statuses = await Array.fromAsync(client.statuses({ fleet: 'listed', pageSize: 5, ...filter }));
      return statuses.map(({ vehicleId }) => vehicleId);
    };
    const list = async (filter: object) => {
      const found = await Array.fromAsync(client.vehicles({ fleet: 'listed', ...filter, pageSize: 5 }));
      expect(await statusIds(filter)).toEqual(found.map(({ vehicleId }) => vehicleId));
      return found.map(({ vehicleId }) => vehicleId);
    };
    const expectLists = async () => {
      expect(await list({ atLeast })).toEqual(ids);
      expect(await list({ model: 'odd' })).toEqual(ids.filter((_, at) => at % 2 === 1));
      expect(await list({ tag: 'third' })).toEqual(ids.filter((_, at) => at % 3 !== 0));
      expect(await list({ tag: 'thir' })).toEqual([]);
      expect(await list({ text: 'WAGEN 1' })).toEqual([ids[1], ids[10], ids[11]]);
    };
    await expectLists();
    const stored = platform.database.collection(`registration_v${registrationProjection.version}`);
    await eventually(async () =>
      expect(await stored.countDocuments({ '_id.v': { $in: ids } })).toBe(ids.length),
    );
    await expectLists();
    const named = [ids[7], 'ghost', ids[2], ids[7]] as string[];
    expect(await statusIds({ vehicleIds: named })).toEqual([ids[2], ids[7]]);
    expect(await statusIds({ vehicleIds: named, model: 'odd', pageSize: 1 })).toEqual([ids[7]]);
    await expect(client.vehiclePage({ pageToken: 'x' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('a decision', () => {
  test('that is sent again gets the same answer, from memory and from stored documents', async () => {
    const { client } = platform;
    const [decisionId, fleet] = [randomUUID(), 'twice'];
    const first = await client.registerVehicle('twice-1', { fleet }, { decisionId });
    const next = await client.updateVehicle('twice-1', { model: 'x' });
    expect(await client.registerVehicle('twice-1', { fleet }, { decisionId })).toEqual(first);
    const stored = platform.database.collection(`registration_v${registrationProjection.version}`);
    await eventually(async () =>
      expect(await stored.findOne({ '_id.v': 'twice-1' })).toMatchObject({ body: { version: next.version } }),
    );
    expect(await client.registerVehicle('twice-1', { fleet }, { decisionId })).toEqual(first);
    await expect(client.registerVehicle('twice-1', { fleet: 'x' }, { decisionId })).rejects.toMatchObject({
      ...{ code: 'INVALID_INPUT', findings: [{ field: 'decision_id', reason: 'REUSED' }] },
    });
    expect(await decisionsOf('twice-1')).toHaveLength(2);
  });

  test('with an id that is no longer remembered is refused, and the vehicle goes on', async () => {
    const { client } = platform;
    for (let at = 0; at <= 64; at += 1) {
      const change = { model: `m${at}` };
      if (at === 0) await client.registerVehicle('many-1', change, { decisionId: 'd0' });
      else await client.updateVehicle('many-1', change, { decisionId: `d${at}` });
    }
    await expect(client.updateVehicle('many-1', { model: 'x' }, { decisionId: 'd0' })).rejects.toMatchObject({
      ...{ code: 'INVALID_INPUT', findings: [{ field: 'decision_id', reason: 'REUSED' }] },
    });
    expect(await client.updateVehicle('many-1', { model: 'x' })).toMatchObject({ version: 66 });
  });

  test('on another version than the expected one is a conflict', async () => {
    const { client } = platform;
    await client.registerVehicle('expected-1', {}, { expectedVersion: 0 });
    await expect(client.retireVehicle('expected-1', { expectedVersion: 0 })).rejects.toMatchObject({
      ...{ code: 'VERSION_CONFLICT', message: expect.stringContaining('has version 1, not 0') },
    });
    expect(await client.retireVehicle('expected-1', { expectedVersion: 1 })).toMatchObject({ version: 2 });
  });

  test('names every wrong field', async () => {
    const { client } = platform;
    const wrong = { fleet: 'no fleet', tags: ['ok', 'NO'], capabilities: ['fly'], vin: 'short' };
    await expect(client.registerVehicle('wrong-1', wrong)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      findings: [{ field: 'fleet' }, { field: 'tags[1]' }, { field: 'capabilities[0]' }, { field: 'vin' }],
    });
    const refused = (field: string) => ({ code: 'INVALID_INPUT', findings: [{ field }] });
    await expect(client.registerVehicle('not valid')).rejects.toMatchObject(refused('vehicle_id'));
    await expect(client.updateVehicle('wrong-1', {})).rejects.toMatchObject(refused(''));
    const decisionId = 'with space';
    await expect(client.registerVehicle('wrong-1', {}, { decisionId })).rejects.toMatchObject(
      refused('decision_id'),
    );
    expect(await decisionsOf('wrong-1')).toEqual([]);
  });

  test('is in the log as an event with its version, its id and the trace of its caller', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const decisionId = randomUUID();
    const { position } = await platform.client.registerVehicle('traced-1', BUS, { decisionId, traceparent });
    const [logged] = await Array.fromAsync(platform.client.readLog({ subject: 'traced-1' }));
    expect(logged).toMatchObject({ position, event: { reportId: decisionId, traceparent, observedAtMs: 0 } });
    expect(logged && decodeEvent(logged.event)).toMatchObject({
      type: 'VehicleRegistered',
      aggregateVersion: 1,
    });
  });
});

test('many deciders on one vehicle make versions without hole or double, and each answer is in the log', async () => {
  const { client } = platform;
  await client.registerVehicle('busy-1', { fleet: 'busy' });
  const decisions = Array.from({ length: 40 }, (_, at) => ({
    decisionId: `d${at >> 1}`,
    model: `m${at >> 1}`,
  }));
  const answers = await Promise.all(
    // Each decision is sent twice at the same time.
    decisions.map(({ decisionId, model }) => client.updateVehicle('busy-1', { model }, { decisionId })),
  );
  const logged = await decisionsOf('busy-1');
  expect(logged.map(([, version]) => version)).toEqual(Array.from({ length: 21 }, (_, at) => at + 1));
  for (const [at, { version }] of answers.entries()) {
    expect(logged[version - 1]).toEqual(['VehicleUpdated', version, decisions[at]?.decisionId]);
  }
});

test('a decision may have the id of a report without a time', async () => {
  await platform.append(reported({ vehicleId: 'no-clock', reportId: 'same', observedAtMs: 0 }));
  const { version } = await platform.client.registerVehicle('no-clock', {}, { decisionId: 'same' });
  expect(version).toBe(1);
  expect(await decisionsOf('no-clock')).toEqual([['VehicleRegistered', 1, 'same']]);
});

test('a decision about a vehicle with a parked event says so, and is made once that event is dropped', async () => {
  const { client } = platform;
  const event = reported({ vehicleId: 'sick-9', reportId: 'a', observedAtMs: NOON_MS });
  const position = await platform.append({ ...event, payload: new Uint8Array([0xff, 0xff]) });
  await expect(client.vehicle('sick-9', { atLeast: position })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(client.registerVehicle('sick-9', { fleet: 'sick' })).rejects.toMatchObject({
    ...{ code: 'RULE_VIOLATED', message: expect.stringContaining('is parked in registration') },
  });
  for (const projection of ['status', 'samples', 'registration'])
    await client.dropParked(projection, 'sick-9');
  expect(await client.registerVehicle('sick-9', { fleet: 'sick' })).toMatchObject({ version: 1 });
});

test('a vehicle whose decision was parked and dropped takes the next decision, at the next version', async () => {
  const { client } = platform;
  await client.registerVehicle('sick-8', { fleet: 'sick' });
  const head = { subject: 'sick-8', reportId: 'unreadable', observedAtMs: 0, receivedAtMs: NOON_MS };
  const decision = { ...head, aggregateVersion: 2, commandHash: 'ab'.repeat(16) };
  const event = encodeEvent({ type: 'VehicleRetired', ...decision });
  const parkedAt = await platform.append({ ...event, payload: new Uint8Array([0xff, 0xff]) });
  await expect(client.updateVehicle('sick-8', { model: 'x' })).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
  });
  expect((await client.vehicle('sick-8')).vehicle).toMatchObject({ version: 1, parkedAt });
  await client.dropParked('registration', 'sick-8');
  expect(await client.updateVehicle('sick-8', { model: 'x' })).toMatchObject({ version: 3 });
  expect(await client.updateVehicle('sick-8', { model: 'y' })).toMatchObject({ version: 4 });

  // One that is parked in status is shown as the next decision finds it; a list shows its status.
  const now = { version: 4, registration: { model: 'y' } };
  expect((await client.vehicle('sick-8')).vehicle).toMatchObject({ ...now, parkedAt });
  const listed = async () => (await client.vehiclePage({ text: 'sick-8' })).vehicles[0];
  expect(await listed()).toMatchObject({ version: 1, parkedAt });
  await client.dropParked('status', 'sick-8');
  expect(await listed()).toMatchObject({ ...now, parkedAt: undefined });
  expect((await client.vehicle('sick-8')).vehicle).toMatchObject({ ...now, parkedAt: undefined });
});
