import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { createClient } from './client.ts';
import {
  type GetResponse,
  type ListRequest,
  type ListResponse,
  type RegisterRequest,
  type RegisterResponse,
  type UpdateRequest,
  type Vehicle,
  VehicleRegistryService,
} from './generated/odograph/history/v1/vehicle_registry.ts';
import { type Refusal, serviceError, startServer, type TestServer, unavailable } from './server.fixture.ts';

type Call<Request, Response> = [ServerUnaryCall<Request, Response>, sendUnaryData<Response>];

const POSITION = { partition: 1, sequence: 7, index: 2 };
const VEHICLE: Vehicle = { vehicleId: 'bus-1', registration: undefined, isRetired: false, version: 3 };

let server: TestServer | undefined;
afterEach(() => server?.kill());

/** A registry that refuses the first decisions, then accepts every one. */
async function startRegistry(refusals: readonly Refusal[] = []) {
  const asked: (RegisterRequest | UpdateRequest | ListRequest)[] = [];
  const decide = (...[call, callback]: Call<RegisterRequest | UpdateRequest, RegisterResponse>) => {
    const refusal = refusals[asked.length];
    asked.push(call.request);
    if (refusal) callback(serviceError(refusal));
    else callback(null, { version: 3, position: POSITION });
  };
  const handlers = {
    ...{ register: decide, update: decide, retire: decide },
    get: (...[, callback]: Call<unknown, GetResponse>) =>
      callback(null, { vehicle: VEHICLE, position: POSITION }),
    list: (...[{ request }, callback]: Call<ListRequest, ListResponse>) => {
      asked.push(request);
      const isLast = request.pageToken !== '';
      const vehicles = [{ ...VEHICLE, vehicleId: isLast ? 'bus-2' : 'bus-1' }];
      callback(null, { vehicles, nextPageToken: isLast ? '' : 'more', positions: [POSITION] });
    },
  };
  server = await startServer([[VehicleRegistryService, handlers]]);
  return { asked, client: createClient({ history: server.endpoint }) };
}

test('a decision that is retried keeps its id, and is answered with version and position', async () => {
  const { asked, client } = await startRegistry([unavailable('away', 5), unavailable('away', 5)]);
  const answer = await client.registerVehicle('bus-1', {
    fleet: 'north',
    tags: ['night'],
    units: 'imperial',
  });
  expect(answer).toEqual({ version: 3, position: POSITION });
  expect(asked).toHaveLength(3);
  expect(asked[2]).toEqual(asked[0]);
  expect(asked[0]).toMatchObject({
    ...{ vehicleId: 'bus-1', fleet: 'north', model: '', tags: ['night'], units: 2 },
    ...{ decisionId: expect.stringMatching(/^[0-9a-f-]{36}$/), expectedVersion: undefined },
  });
  client.close();
});

test('a change has only the fields that are given, also empty ones', async () => {
  const { asked, client } = await startRegistry();
  const change = { displayName: '', tags: [] };
  await client.updateVehicle('bus-1', change, { decisionId: 'd1', expectedVersion: 0 });
  expect(asked).toMatchObject([
    {
      ...{ decisionId: 'd1', expectedVersion: 0, displayName: '', tags: { names: [] } },
      ...{ fleet: undefined, model: undefined, capabilities: undefined, vin: undefined, units: undefined },
    },
  ]);
  expect(await client.retireVehicle('bus-1')).toMatchObject({ version: 3 });
  client.close();
});

test('the vehicles of all pages are listed with one filter', async () => {
  const { asked, client } = await startRegistry();
  const filter = { fleet: 'north', tag: 'night', model: 'Citaro', text: 'bus', includeRetired: true };
  const found = await Array.fromAsync(client.vehicles({ ...filter, pageSize: 1 }));
  expect(found.map(({ vehicleId }) => vehicleId)).toEqual(['bus-1', 'bus-2']);
  expect(asked).toMatchObject([
    { ...filter, pageSize: 1, pageToken: '' },
    { ...filter, pageSize: 1, pageToken: 'more' },
  ]);
  expect(await client.vehicle('bus-1')).toEqual({ vehicle: VEHICLE, position: POSITION });
  client.close();
});
