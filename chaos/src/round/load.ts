import { createRandom, seedOf } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/scripted/fleet';
import { Ledger } from '@odograph/testing/ledger';
import { createReporter, type ReportedBatch } from '../load/reporter.ts';

/** A fleet under way: some vehicles report by calls, some over connections, and all send again what was not acknowledged. */
export interface Load {
  readonly vehicleIds: readonly string[];
  readonly ledger: Ledger;
  readonly batches: readonly ReportedBatch[];
  start(): void;
  /** No new reports; resolves when the open ones are settled, or after {@link SETTLE_MS}. */
  rest(): Promise<void>;
  close(): void;
}

export interface LoadOptions {
  readonly seed: number;
  readonly endpoint: string;
  readonly onBatch: (batch: ReportedBatch) => void;
}

/** How long what is open may take to be settled, in milliseconds; what is open then stays unknown. */
const SETTLE_MS = 20_000;
const VEHICLES = 40;
const REPORTERS = 4;
const ODDS = {
  late: 0.05,
  conflicting: 0.02,
  'partly-believable': 0.03,
  unbelievable: 0.02,
  unreadable: 0.01,
};

export function createLoad({ seed, endpoint, onBatch }: LoadOptions): Load {
  const fleet = createFleet({ seed, vehicles: VEHICLES, odds: ODDS });
  const ledger = new Ledger();
  const batches: ReportedBatch[] = [];
  const reporters = Array.from({ length: REPORTERS }, (_, at) => {
    const vehicles = fleet.vehicleIds.flatMap((_, vehicle) => (vehicle % REPORTERS === at ? [vehicle] : []));
    return createReporter({
      ...{ endpoint, fleet, vehicles, ledger },
      random: createRandom(seedOf(seed, VEHICLES + at)),
      manner: at % 2 === 0 ? 'calls' : 'connection',
      ...{ maxBatch: 30, everyMs: 60, deadlineMs: 2_000, repeatOdds: 0.03 },
      onBatch: (batch) => {
        batches.push(batch);
        onBatch(batch);
      },
    });
  });
  let under: { readonly stop: AbortController; readonly way: Promise<unknown> } | undefined;

  return {
    vehicleIds: fleet.vehicleIds,
    ledger,
    batches,
    start() {
      const stop = new AbortController();
      under = { stop, way: Promise.all(reporters.map((reporter) => reporter.run(stop.signal, SETTLE_MS))) };
    },
    async rest() {
      under?.stop.abort();
      await under?.way;
      under = undefined;
    },
    close() {
      for (const reporter of reporters) reporter.close();
    },
  };
}
