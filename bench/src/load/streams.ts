import { pause } from '@odograph/kernel/clock';
import { createRandom, seedOf } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/fleet/fleet';
import type { Load, StreamsOptions } from './load.ts';
import { createRecorder } from './recorder.ts';
import { type IngestConnection, openTransport, type Transport } from './transport.ts';

/** With 8,000 streams 250 share a transport; a server takes 1,000 on each. */
const TRANSPORTS = 32;

/** Vehicles with a stream each, whose reports are due at fixed times even if the last answer is late. */
export function createStreams({ ingest, vehicles, seed, startMs, everyMs }: StreamsOptions): Load {
  const transports = Array.from({ length: TRANSPORTS }, () => openTransport(ingest));
  const fleet = createFleet({ movement: 'steps', seed, vehicles, startMs, stepMs: everyMs });
  const recorder = createRecorder();

  return {
    recorder,
    async work(vehicle, signal) {
      const report = createStream(transports[vehicle % TRANSPORTS] as Transport, signal);
      let dueMs = performance.now() + createRandom(seedOf(seed, vehicle)).next() * everyMs;
      for (;;) {
        await pause(Math.max(0, dueMs - performance.now()), signal);
        if (signal.aborted) return;
        try {
          await report(fleet.next(vehicle).bytes);
          recorder.count('acknowledged', 1);
          recorder.time('acknowledged', performance.now() - dueMs);
        } catch (error) {
          if (!signal.aborted) recorder.failed(error);
        }
        dueMs += everyMs;
      }
    },
    async close() {
      for (const transport of transports) transport.close();
    },
  };
}

/** The connection of a vehicle: opened by the next report if there is none or it has failed, closed by the signal. */
function createStream(transport: Transport, signal: AbortSignal): (bytes: Uint8Array) => Promise<void> {
  let connection: IngestConnection | undefined;
  signal.addEventListener('abort', () => void connection?.close(), { once: true });

  async function open(): Promise<IngestConnection> {
    const opened = await transport.connect();
    if (signal.aborted) await opened.close();
    return opened;
  }

  return async (bytes) => {
    if (!connection || connection.hasFailed()) connection = await open();
    await connection.send([bytes]);
  };
}
