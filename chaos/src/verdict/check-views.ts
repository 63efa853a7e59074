import { isDeepStrictEqual } from 'node:util';
import {
  VehicleHistoryClient,
  type VehicleStatus,
} from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { type PlainSignals, type PlainView, plainSignals } from './plain-fold.ts';
import { type Violation, violationsOf } from './violation.ts';

const PAGE_SIZE = 1_000;

/** Asks a replica for every vehicle's status and samples, and holds them against the plain fold of the log. */
export async function checkViews(
  endpoint: string,
  expected: ReadonlyMap<string, PlainView>,
  heads: readonly Position[],
): Promise<readonly Violation[]> {
  const client = createGrpcClient(VehicleHistoryClient, endpoint);
  try {
    await callUnary(client.listStatus, { fleet: '', pageSize: 1, pageToken: '', atLeast: [...heads] });
    const wrongStatuses: string[] = [];
    const wrongSamples: string[] = [];
    for (const [vehicleId, view] of expected) {
      wrongStatuses.push(...(await compareStatus(client, vehicleId, view)));
      wrongSamples.push(...(await compareSamples(client, vehicleId, view)));
    }
    return [
      ...violationsOf(`the status is a fold of the log (${endpoint})`, wrongStatuses),
      ...violationsOf(`the samples are a fold of the log (${endpoint})`, wrongSamples),
    ];
  } finally {
    client.close();
  }
}

async function compareStatus(
  client: VehicleHistoryClient,
  vehicleId: string,
  view: PlainView,
): Promise<string[]> {
  const found = await statusOf(client, vehicleId);
  if (!found) return [`${vehicleId} is not known`];
  const signals = Object.entries(plainSignals(found.signals)).map(([name, value]) => {
    return [name, [value, found.observedAtMs[name]]] as const;
  });
  const isSame =
    isDeepStrictEqual(new Map(signals), new Map(view.status)) &&
    found.lastReceivedAtMs === view.lastReceivedAtMs;
  if (isSame) return [];
  return [`${vehicleId}: ${JSON.stringify(signals)} is not ${JSON.stringify([...view.status])}`];
}

async function statusOf(client: VehicleHistoryClient, vehicleId: string): Promise<VehicleStatus | undefined> {
  try {
    return (await callUnary(client.getStatus, { vehicleId })).status;
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

async function compareSamples(
  client: VehicleHistoryClient,
  vehicleId: string,
  view: PlainView,
): Promise<string[]> {
  const found = await samplesOf(client, vehicleId);
  if (isDeepStrictEqual(found, view.samples)) return [];
  const at = found.findIndex((sample, place) => !isDeepStrictEqual(sample, view.samples[place]));
  const place = at < 0 ? found.length : at;
  return [
    `${vehicleId} has ${found.length} samples, the log ${view.samples.length}; the first to differ is ${place}: ` +
      `${JSON.stringify(found[place])} is not ${JSON.stringify(view.samples[place])}`,
  ];
}

type Sample = readonly [number, string, PlainSignals];

async function samplesOf(client: VehicleHistoryClient, vehicleId: string): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  let pageToken = '';
  do {
    const page = await callUnary(client.listSamples, {
      ...{ vehicleId, fromMs: 0, toMs: 0, signals: [], withTotal: false },
      ...{ pageSize: PAGE_SIZE, pageToken },
    });
    samples.push(
      ...page.samples.map(({ observedAtMs, reportId, signals }): Sample => {
        return [observedAtMs, reportId, plainSignals(signals)];
      }),
    );
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return samples;
}
