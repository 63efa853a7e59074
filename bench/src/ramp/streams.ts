import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { createRandom, seedOf } from '@odograph/kernel/random';
import { faultFromRpcStatus } from '@odograph/platform/grpc/status';
import { createFleet } from '@odograph/sources/scripted/fleet';
import { createDoorClient, type DoorClient, type DoorConnection } from '@odograph/testing/door-client';
import { createCrew } from './crew.ts';
import type { LoadPart, LoadPartOptions } from './load-part.ts';
import { REPORT_EVERY_MS } from './ramp-plan.ts';
import { createTally } from './tally.ts';

type StreamsOptions = Extract<LoadPartOptions, { kind: 'streams' }>;

/** Up to 250 streams share one at 8,000; a server takes 1,000 on each. */
const TRANSPORTS = 32;

/** Vehicles, each with a stream of its own, whose reports are due at fixed times however late the answer to the last one is. */
export function createStreams({ endpoint, vehicles, seed, startMs }: StreamsOptions): LoadPart {
  const clients = Array.from({ length: TRANSPORTS }, () => createDoorClient(endpoint));
  const fleet = createFleet({ seed, vehicles, startMs, stepMs: REPORT_EVERY_MS });
  const tally = createTally();

  async function live(vehicle: number, signal: AbortSignal): Promise<void> {
    const stream = streamOn(clients[vehicle % TRANSPORTS] as DoorClient, signal);
    let dueMs = performance.now() + createRandom(seedOf(seed, vehicle)).next() * REPORT_EVERY_MS;
    while (!signal.aborted) {
      await pause(Math.max(0, dueMs - performance.now()), signal);
      if (signal.aborted) return;
      try {
        await stream.report(fleet.next(vehicle).bytes);
        tally.done(performance.now() - dueMs);
      } catch (error) {
        if (!signal.aborted) tally.failed(error);
      }
      dueMs += REPORT_EVERY_MS;
    }
  }

  const crew = createCrew(live);
  return {
    resize: crew.resize,
    begin: tally.begin,
    end: tally.end,
    async close() {
      await crew.close();
      for (const client of clients) client.close();
    },
  };
}

/** A vehicle's connection: opened with its first report, and anew with the next one after it broke. */
function streamOn(client: DoorClient, signal: AbortSignal) {
  let connection: DoorConnection | undefined;
  signal.addEventListener('abort', () => void connection?.close(), { once: true });

  async function open(): Promise<DoorConnection> {
    const opened = await client.connect();
    if (signal.aborted) await opened.close();
    return opened;
  }

  return {
    async report(bytes: Uint8Array): Promise<void> {
      connection ??= await open();
      const { results, refused } = await connection.send([bytes]).catch((error: unknown) => {
        connection = undefined;
        throw error;
      });
      if (refused) throw faultFromRpcStatus(refused);
      if (results[0]?.outcome === ReportOutcome.ACCEPTED) return;
      throw new Fault('INVALID_INPUT', `not accepted: ${results[0]?.findings[0]?.description}`);
    },
  };
}
