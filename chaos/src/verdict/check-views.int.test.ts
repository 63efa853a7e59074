import {
  VehicleHistoryService,
  VehicleStatus,
} from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { serviceError, startServer, type TestServer } from '@odograph/client/server.fixture';
import { afterEach, expect, test } from 'vitest';
import { checkViews } from './check-views.ts';
import type { PlainView } from './plain-fold.ts';

let server: TestServer | undefined;

afterEach(() => server?.kill());

const HEADS = [{ partition: 0, sequence: 9 }];
const NOTHING: PlainView = { status: new Map(), samples: [], lastReceivedAtMs: 0 };
const EXPECTED = new Map(['bus-1', 'bus-2', 'bus-3'].map((vehicleId) => [vehicleId, NOTHING]));

/** Codes of gRPC. */
const [DEADLINE_EXCEEDED, INTERNAL, DATA_LOSS] = [4, 13, 15];

interface Asked {
  readonly request: { readonly vehicleId: string };
}
type Send = (error: Error | null, answer?: unknown) => void;

/** The verdict on a replica whose samples end so, and for which vehicles it was asked for them. */
async function checkWithSamples(code: number, message: string) {
  const asked: string[] = [];
  const position = { partition: 0, sequence: 9 };
  const handlers = {
    listStatus: (_: unknown, send: Send) =>
      send(null, { statuses: [], nextPageToken: '', positions: [position], projectionVersion: 3 }),
    getStatus: ({ request: { vehicleId } }: Asked, send: Send) =>
      send(null, { status: VehicleStatus.create({ vehicleId }), position, projectionVersion: 3 }),
    listSamples({ request: { vehicleId } }: Asked, send: Send) {
      asked.push(vehicleId);
      send(serviceError({ code, message }));
    },
  };
  server = await startServer([[VehicleHistoryService, handlers]]);
  const violations = checkViews(server.endpoint, EXPECTED, HEADS);
  return { violations, asked };
}

test('samples that do not reach the end of the log in time break a rule, and are waited for once', async () => {
  const { violations, asked } = await checkWithSamples(DEADLINE_EXCEEDED, 'the samples are at 0/7');
  const rule = 'the views reach the end of the log';
  expect(await violations).toEqual([
    { rule, detail: expect.stringMatching(/^127\.0\.0\.1:\d+: .*the samples are at 0\/7/) },
  ]);
  expect(asked).toEqual(['bus-1']);
});

test.each([
  ['INTERNAL', INTERNAL],
  ['CORRUPT_LOG', DATA_LOSS],
] as const)(
  'samples that fail with %s are not taken for samples that are behind',
  async (code, grpcStatus) => {
    const { violations } = await checkWithSamples(grpcStatus, 'samples cannot be read');
    await expect(violations).rejects.toMatchObject({ code, message: 'samples cannot be read' });
  },
);
