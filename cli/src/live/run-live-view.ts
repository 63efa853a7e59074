import { invariant } from '@odograph/kernel/fault';
import { feedFleet } from './fleet-feed.ts';
import { watchFleet } from './fleet-watch.ts';
import { resumeFleet } from './resume-fleet.ts';

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
  const models = new Map<string, string>();
  let taken = isWanted ? 0 : undefined;
  const modelOf = (vehicleId: string) => models.get(vehicleId) ?? '';
  const onProgress = ({ sent, rejected }: { readonly sent: number; readonly rejected: number }) => {
    taken = sent - rejected;
  };

  async function drive(endpoints: { readonly ingest: string; readonly history: string }): Promise<void> {
    const fleet = await resumeFleet(endpoints.history, seed, signal);
    if (!fleet) return;
    for (const { vehicleId, model, drive: motor } of fleet.profiles)
      models.set(vehicleId, `${model}, ${motor}`);
    await feedFleet({ fleet, endpoint: endpoints.ingest, signal, onProgress });
  }

  await Promise.all([
    isShown && watchFleet({ endpoints: { ingest, history }, modelOf, taken: () => taken, signal }),
    isWanted && drive({ ingest, history }),
  ]);
}
