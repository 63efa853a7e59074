import type { Cluster } from '@odograph/cluster/cluster';
import type { Measured } from './load-part.ts';
import { startLoadProcess } from './load-process.ts';
import { KNOWN_VEHICLES, type RampStep, SEED } from './ramp-plan.ts';

/** The load on a platform, in two processes: one of users, one of vehicles. */
export interface Rig {
  /** Lets the load rise or fall, and does not wait until it has. */
  set(step: RampStep): Promise<void>;
  begin(): Promise<void>;
  end(): Promise<{ readonly users: Measured; readonly streams: Measured }>;
  stop(): Promise<void>;
}

/** @param mostStreams is the most that will be asked for. */
export function startRig({ endpoints }: Cluster, mostStreams: number): Rig {
  const users = startLoadProcess({
    kind: 'users',
    endpoints: endpoints.histories,
    vehicles: KNOWN_VEHICLES,
    seed: SEED,
  });
  const streams = startLoadProcess({
    kind: 'streams',
    endpoint: endpoints.ingest,
    vehicles: mostStreams,
    seed: SEED,
    startMs: Date.now(),
  });
  return {
    set: async (step) => void (await Promise.all([users.resize(step.users), streams.resize(step.streams)])),
    begin: async () => void (await Promise.all([users.begin(), streams.begin()])),
    async end() {
      const [ofUsers, ofStreams] = await Promise.all([users.end(), streams.end()]);
      return { users: ofUsers, streams: ofStreams };
    },
    stop: async () => void (await Promise.all([users.stop(), streams.stop()])),
  };
}
