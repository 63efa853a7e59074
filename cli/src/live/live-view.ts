import { type Client, createClient } from '@odograph/client';
import type { DescribeResponse as IngestDescription } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import type { ServiceName } from '@odograph/cluster/services';
import { pause } from '@odograph/kernel/clock';
import { invariant, isFault } from '@odograph/kernel/fault';
import { statusJson } from '../json/status-json.ts';
import { troubleOfLog } from '../terminal/log-trouble.ts';
import { createDisplay, type Display } from './display.ts';
import type { FleetMoment } from './fleet-frame.ts';
import { feedFleet, fleetProfiles, resumeFleet } from './simulated-fleet.ts';
import { createTotal } from './total.ts';

interface LiveViewOptions {
  /** The data directory of the platform. */
  readonly dataDir: string;
  /** `host:port` of each service by name. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** `host:port` of the metrics of each service by name. Default: they are not shown. */
  readonly metrics?: Readonly<Record<string, string>>;
  /** Whether simulated vehicles report. */
  readonly fleet: boolean;
  /** Seed of the simulated fleet. Default: 1. */
  readonly seed?: number;
  /** Default: yes. If not, the fleet drives and nothing is printed. */
  readonly isShown?: boolean;
  readonly signal: AbortSignal;
}

/** More vehicles than a terminal has lines. */
const PAGE_SIZE = 500;
const ASK_WITHIN_MS = 2_000;
const DRIVE_AGAIN_MS = 5_000;

/** Shows what the platform knows of the fleet, and lets simulated vehicles report, until the signal. */
export async function runLiveView(options: LiveViewOptions): Promise<void> {
  const { dataDir, endpoints, metrics = {}, fleet: isWanted, seed = 1, isShown = true } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const { ingest, history, cache } = endpoints;
  invariant(ingest && history && cache, 'a running platform has endpoints of its services');
  using client = createClient({ ingest, history, cache, maxAttempts: 1 });
  const models = new Map<string, string>();
  let fleetTrouble: string | undefined;

  async function drive(): Promise<void> {
    const fleet = await resumeFleet(client, seed, signal);
    if (!fleet) return;
    for (const { vehicleId, model, drive: motor } of fleetProfiles(seed))
      models.set(vehicleId, `${model}, ${motor}`);
    await feedFleet(client, fleet, signal);
  }

  /** Whatever the platform says to its fleet, it goes on without it. */
  async function driveAgain(): Promise<void> {
    while (!signal.aborted) {
      try {
        return await drive();
      } catch (error) {
        fleetTrouble = troubleOf('the simulated vehicles', error).trouble;
      }
      await pause(DRIVE_AGAIN_MS, signal);
      fleetTrouble = undefined;
    }
  }

  async function show(display: Display): Promise<void> {
    const modelOf = (vehicleId: string) => models.get(vehicleId) ?? '';
    let known: Part<'statuses' | 'hasMore'> = {};
    const total = createTotal();
    try {
      while (!signal.aborted) {
        const [fleet, intake] = await Promise.all([askFleet(client, signal), askIngest(client, signal)]);
        if (signal.aborted) return;
        known = fleet.statuses ? fleet : known;
        const { statuses = [], hasMore } = known;
        const trouble = [intake.trouble, fleet.trouble, fleetTrouble].filter(Boolean).join('; ') || undefined;
        const taken = total(intake.taken);
        display.show({ nowMs: Date.now(), statuses, hasMore, modelOf, taken, trouble });
        await pause(display.everyMs, signal);
      }
    } finally {
      display.leave();
    }
  }

  const all = [
    isShown && show(createDisplay({ dataDir, ingest, history, cache, metrics })),
    isWanted && driveAgain(),
  ];
  // The one that fails ends the other, and nothing is printed after this function has ended.
  for (const each of all) if (each) each.catch(() => failed.abort());
  await Promise.allSettled(all);
  await Promise.all(all);
}

type Part<Name extends keyof FleetMoment> = Partial<Pick<FleetMoment, Name | 'trouble'>>;

/** How much ingest has taken since it started, and what it refuses. */
async function askIngest(client: Client, signal: AbortSignal): Promise<Part<'taken'>> {
  try {
    const answer = await client.describeIngest({ deadlineMs: ASK_WITHIN_MS, signal });
    return { taken: answer.reportsTaken, trouble: refusedBy(answer) };
  } catch (error) {
    return troubleOf('ingest', error);
  }
}

function refusedBy({ refusal, partitions }: IngestDescription): string | undefined {
  if (refusal) return `ingest refuses every report: ${refusal.reason}`;
  const one = partitions.find((each) => each.refusal);
  return one && `ingest refuses reports of partition ${one.partition}: ${one.refusal?.reason}`;
}

async function askFleet(client: Client, signal: AbortSignal): Promise<Part<'statuses' | 'hasMore'>> {
  const [statuses, log] = await Promise.all([askStatuses(client, signal), askLog(client, signal)]);
  return { ...log, ...statuses };
}

async function askLog(client: Client, signal: AbortSignal): Promise<Part<never>> {
  try {
    return { trouble: await troubleOfLog(client, { signal }) };
  } catch (error) {
    return troubleOf('history', error);
  }
}

async function askStatuses(client: Client, signal: AbortSignal): Promise<Part<'statuses' | 'hasMore'>> {
  try {
    const page = await client.latestStatusPage({ pageSize: PAGE_SIZE, deadlineMs: ASK_WITHIN_MS, signal });
    const statuses = page.statuses.flatMap(({ status }) => (status ? statusJson(status) : []));
    return { statuses, hasMore: page.nextPageToken !== '' };
  } catch (error) {
    return troubleOf('cache', error);
  }
}

function troubleOf(
  whose: ServiceName | 'the simulated vehicles',
  error: unknown,
): { readonly trouble: string } {
  if (!isFault(error)) throw error;
  return { trouble: `${whose}: ${error.message}` };
}
