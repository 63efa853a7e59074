import { invariant } from '@odograph/kernel/fault';
import { feedFleet } from './live/fleet-feed.ts';
import { watchFleet } from './live/fleet-watch.ts';
import { resumeFleet } from './live/resume-fleet.ts';

/** What the live view shows and drives until its signal. */
export interface LiveViewOptions {
  /** `host:port` of each service by name. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Whether simulated vehicles report. */
  readonly fleet: boolean;
  /** Of the simulated fleet: the same seed, the same vehicles. */
  readonly seed?: number;
  /** Default: yes. Without, the fleet only drives. */
  readonly isShown?: boolean;
  readonly signal: AbortSignal;
}

const DEFAULT_SEED = 1;

/**
 * Shows the fleet as the platform answers it: a table refreshed in place, or a line every few seconds where there is no
 * terminal. Simulated vehicles, where wanted, report through the door like any other. Ends with the signal.
 */
export async function runLiveView({
  endpoints,
  fleet: isWanted,
  seed = DEFAULT_SEED,
  isShown = true,
  signal,
}: LiveViewOptions): Promise<void> {
  const { ingest, history } = endpoints;
  invariant(ingest && history, 'a running platform names the endpoints of ingest and history');
  const fleet = isWanted ? await resumeFleet(history, seed) : undefined;
  const models = new Map(
    fleet?.profiles.map(({ vehicleId, model, drive }) => [vehicleId, `${model}, ${drive}`]),
  );
  let taken = fleet && 0;
  const modelOf = (vehicleId: string) => models.get(vehicleId) ?? '';
  const watching = isShown && watchFleet({ endpoint: history, modelOf, taken: () => taken, signal });
  const onProgress = ({ sent, rejected }: { readonly sent: number; readonly rejected: number }) => {
    taken = sent - rejected;
  };
  const feeding = fleet && feedFleet({ fleet, endpoint: ingest, signal, onProgress });
  await Promise.all([watching, feeding]);
}
