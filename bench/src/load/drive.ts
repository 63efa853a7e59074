import { pause } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { watchBacklog } from './backlog.ts';
import { watchCommits } from './commits.ts';
import type { DriveMode, DriveOptions, Load } from './load.ts';
import { createRecorder } from './recorder.ts';
import { type IngestConnection, openTransport } from './transport.ts';
import { createVisibleProbe } from './visible-probe.ts';

/** Reports in batches. Throws as soon as a batch is refused, because the platform must keep up with this load. */
export async function createDrive(options: DriveOptions): Promise<Load> {
  const { ingest, history, natsUrl, partitions, connections: count, batch, mode } = options;
  const nextBatch = prepareBatches(options);
  const transports = Array.from({ length: count }, () => openTransport(ingest));
  const connections = await Promise.all(transports.map((transport) => transport.connect()));
  const recorder = createRecorder();
  const backlog = watchBacklog(history, (reports) => recorder.count('visible', reports));
  const commits = await watchCommits(natsUrl, partitions);
  const probe = createVisibleProbe(history, (ms) => recorder.time('visible', ms));

  async function send(connection: number): Promise<void> {
    const dueMs = performance.now();
    const { bytes, lastVehicleId } = nextBatch(connection);
    const positions = await (connections[connection] as IngestConnection).send(bytes);
    recorder.count('acknowledged', positions.length);
    recorder.time('acknowledged', performance.now() - dueMs);
    backlog.acknowledged(positions);
    // The reports of a batch are in at most two envelopes, and its last one is in the last envelope.
    const last = positions.at(-1) as Position;
    probe.acknowledged(lastVehicleId, last);
    commits.onCommitted(last, () => recorder.time('committed', performance.now() - dueMs));
  }

  return {
    recorder,
    async work(worker, signal) {
      if (mode.kind === 'paced') await sendPaced(mode.reportsPerSecond, { count, batch, send, signal });
      const maxBacklog = mode.kind === 'visible' ? mode.maxBacklog : Number.POSITIVE_INFINITY;
      while (!signal.aborted) {
        if (backlog.size() < maxBacklog) await send(worker % count);
        else await pause(BACKLOG_POLL_MS, signal);
      }
    },
    async close() {
      await probe.stop();
      await commits.stop();
      await backlog.stop();
      await Promise.all(connections.map((connection) => connection.close()));
      for (const transport of transports) transport.close();
    },
  };
}

const BACKLOG_POLL_MS = 2;

/** The number of workers for a mode: one per batch in flight, or one that sends at a fixed rate. */
export function driveWorkers(mode: DriveMode, connections: number): number {
  return mode.kind === 'paced' ? 1 : connections * mode.window;
}

interface Batch {
  readonly bytes: readonly Uint8Array[];
  readonly lastVehicleId: string;
}

/** @returns the next batch of a connection. The first ones are encoded now. */
function prepareBatches(options: DriveOptions): (connection: number) => Batch {
  const { vehicles, connections, batch, prepared, samplesPerReport, seed, startMs } = options;
  const time = startMs === undefined ? {} : { startMs };
  const fleet = createFleet({ movement: 'steps', vehicles, samplesPerReport, seed, ...time });
  const ready = Array.from({ length: connections }, (): Batch[] => []);
  /** The last vehicle that reported over each connection. */
  const last = ready.map((_, connection) => connection - connections);

  function nextReport(connection: number) {
    const next = (last[connection] ?? 0) + connections;
    last[connection] = next < vehicles ? next : connection;
    return fleet.next(last[connection]);
  }
  function makeBatch(connection: number): Batch {
    const reports = Array.from({ length: batch }, () => nextReport(connection));
    return { bytes: reports.map(({ bytes }) => bytes), lastVehicleId: reports.at(-1)?.vehicleId ?? '' };
  }

  for (let made = 0; made < prepared; made += 1) {
    ready[made % connections]?.push(makeBatch(made % connections));
  }
  for (const batches of ready) batches.reverse();
  return (connection) => ready[connection]?.pop() ?? makeBatch(connection);
}

interface PacedSending {
  /** Of connections. */
  readonly count: number;
  readonly batch: number;
  readonly send: (connection: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const TICK_MS = 5;

/** Sends batches when they are due, whether earlier ones are acknowledged or not. */
async function sendPaced(
  reportsPerSecond: number,
  { count, batch, send, signal }: PacedSending,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  const refused = Promise.withResolvers<never>();
  const startMs = performance.now();
  let sent = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - startMs) / 1_000) * reportsPerSecond;
    for (; sent * batch < due; sent += 1) {
      const one = send(sent % count).finally(() => inFlight.delete(one));
      one.catch(refused.reject);
      inFlight.add(one);
    }
    await Promise.race([pause(TICK_MS, signal), refused.promise]);
  }
  await Promise.all(inFlight);
}
