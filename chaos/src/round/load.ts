import { createRandom, seedOf } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { Ledger } from '@odograph/testing/ledger';
import { createReporter, type ReportedBatch } from '../load/reporter.ts';

/** A fleet that reports: half of it by calls, half over connections. Reports without an acknowledgement are sent again. */
export interface Load {
  readonly vehicleIds: readonly string[];
  readonly ledger: Ledger;
  readonly batches: readonly ReportedBatch[];
  start(): void;
  /** Stops new reports; resolves when all sent ones are answered, or after {@link DRAIN_MS}. */
  drain(): Promise<void>;
  close(): void;
}

interface LoadOptions {
  readonly seed: number;
  readonly endpoint: string;
  /** How likely each report is sent again, each time that it was answered. */
  readonly repeatOdds: number;
  readonly onBatch: (batch: ReportedBatch) => void;
}

/** How long unanswered reports are sent again, in milliseconds; after that their outcome stays unknown. */
const DRAIN_MS = 20_000;
const VEHICLES = 40;
const REPORTERS = 4;
const MISHAPS = {
  late: 0.05,
  conflicting: 0.02,
  'partly-believable': 0.03,
  unbelievable: 0.02,
  unreadable: 0.01,
};

export function createLoad({ seed, endpoint, repeatOdds, onBatch }: LoadOptions): Load {
  const fleet = createFleet({ movement: 'steps', seed, vehicles: VEHICLES, mishaps: MISHAPS });
  const ledger = new Ledger();
  const batches: ReportedBatch[] = [];
  const reporters = Array.from({ length: REPORTERS }, (_, at) => {
    const vehicles = fleet.vehicleIds.flatMap((_, vehicle) => (vehicle % REPORTERS === at ? [vehicle] : []));
    return createReporter({
      ...{ endpoint, fleet, vehicles, ledger },
      random: createRandom(seedOf(seed, VEHICLES + at)),
      mode: at % 2 === 0 ? 'calls' : 'connection',
      ...{ maxBatch: 30, everyMs: 60, deadlineMs: 2_000, repeatOdds },
      onBatch: (batch) => {
        batches.push(batch);
        onBatch(batch);
      },
    });
  });
  let running: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;

  return {
    vehicleIds: fleet.vehicleIds,
    ledger,
    batches,
    start() {
      const stop = new AbortController();
      running = {
        stop,
        ended: Promise.all(reporters.map((reporter) => reporter.run(stop.signal, DRAIN_MS))),
      };
    },
    async drain() {
      running?.stop.abort();
      await running?.ended;
      running = undefined;
    },
    close() {
      for (const reporter of reporters) reporter.close();
    },
  };
}
