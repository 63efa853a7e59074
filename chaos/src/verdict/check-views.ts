import { isDeepStrictEqual } from 'node:util';
import type { Client } from '@odograph/client';
import { isFault } from '@odograph/kernel/fault';
import { partitionOf } from '@odograph/kernel/partition';
import type { Position } from '@odograph/kernel/position';
import { connectHistory, statusOf } from '../client/history.ts';
import { type PlainView, plainSignals } from './plain-fold.ts';
import { type Violation, violationsOf } from './violation.ts';

/** Compares the status and samples of every vehicle on one replica with the plain fold of the log. */
export async function checkViews(
  endpoint: string,
  expected: ReadonlyMap<string, PlainView>,
  heads: readonly Position[],
): Promise<readonly Violation[]> {
  using history = connectHistory(endpoint);
  const behind = await checkReach(history, heads);
  if (behind.length > 0) return behind;
  const wrongStatuses: string[] = [];
  const wrongSamples: string[] = [];
  const at = (difference: string) => `${endpoint}: ${difference}`;
  const notReached: string[] = [];
  for (const [vehicleId, view] of expected) {
    const atLeast = heads.find(({ partition }) => partition === partitionOf(vehicleId, heads.length));
    wrongStatuses.push(...(await compareStatus(history, vehicleId, view)).map(at));
    // The others would wait for as long as the first one, each for its whole deadline.
    if (notReached.length > 0) continue;
    try {
      wrongSamples.push(...(await compareSamples(history, vehicleId, { view, atLeast })).map(at));
    } catch (error) {
      if (!isFault(error, 'DEADLINE')) throw error;
      notReached.push(at(error.message));
    }
  }
  return [
    ...violationsOf('the views reach the end of the log', notReached),
    ...violationsOf('the status is a fold of the log', wrongStatuses),
    ...violationsOf('the samples are a fold of the log', wrongSamples),
  ];
}

/** Without this position, every status would be compared with a later log. */
async function checkReach(history: Client, heads: readonly Position[]): Promise<readonly Violation[]> {
  try {
    await history.statusPage({ pageSize: 1, atLeast: heads });
    return [];
  } catch (error) {
    // This query asks for nothing but the position: whatever its fault is, it got no answer there.
    if (!isFault(error)) throw error;
    return violationsOf('the views reach the end of the log', [error.message]);
  }
}

async function compareStatus(history: Client, vehicleId: string, view: PlainView): Promise<string[]> {
  const found = await statusOf(history, vehicleId);
  if (!found) return [`${vehicleId} is not known`];
  const signals = Object.entries(plainSignals(found.signals)).map(([name, value]) => {
    return [name, [value, found.observedAtMs[name]]] as const;
  });
  const isSame =
    isDeepStrictEqual(new Map(signals), new Map(view.status)) &&
    found.lastReceivedAtMs === view.lastReceivedAtMs;
  if (isSame) return [];
  const [shown, expected] = [JSON.stringify(signals), JSON.stringify([...view.status])];
  const received = `received at ${found.lastReceivedAtMs}, expected ${view.lastReceivedAtMs}`;
  return [`${vehicleId} has ${shown}, expected ${expected}; ${received}`];
}

/** At the end of the log: the samples may be behind the status, as after a flush that stored only the latter. */
async function compareSamples(
  history: Client,
  vehicleId: string,
  { view, atLeast }: { readonly view: PlainView; readonly atLeast: Position | undefined },
): Promise<string[]> {
  const samples = await Array.fromAsync(history.samples(vehicleId, { ...(atLeast && { atLeast }) }));
  const found = samples.map(({ observedAtMs, reportId, signals }) => {
    return [observedAtMs, reportId, plainSignals(signals)] as const;
  });
  if (isDeepStrictEqual(found, view.samples)) return [];
  const differing = found.findIndex((sample, at) => !isDeepStrictEqual(sample, view.samples[at]));
  const at = differing < 0 ? found.length : differing;
  return [
    `${vehicleId} has ${found.length} samples, expected ${view.samples.length}; the first difference is at ${at}: ` +
      `${JSON.stringify(found[at])}, expected ${JSON.stringify(view.samples[at])}`,
  ];
}
