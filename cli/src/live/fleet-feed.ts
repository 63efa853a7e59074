import { TelemetryIngestClient } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { createGrpcClient } from '@odograph/platform/grpc/client';
import type { Fleet } from '@odograph/sources/simulated/fleet';
import type { SourceRow } from '@odograph/sources/source';
import { send } from '../sending/send.ts';
import type { SendTotals } from '../sending/tally.ts';

const EVERY_MS = 250;
const CONTACT_WITHIN_MS = 60_000;

export interface FleetFeed {
  readonly fleet: Fleet;
  /** The door, `host:port`. */
  readonly endpoint: string;
  readonly signal: AbortSignal;
  readonly onProgress: (totals: SendTotals) => void;
}

/** Lets a simulated fleet report in real time through the door, however long that is away, until the signal. */
export async function feedFleet({ fleet, endpoint, signal, onProgress }: FleetFeed): Promise<void> {
  const client = createGrpcClient(TelemetryIngestClient, endpoint);
  const patience = { contactWithinMs: CONTACT_WITHIN_MS, patienceMs: Number.POSITIVE_INFINITY };
  try {
    await send({ client, source: realTime(fleet, signal), signal, onProgress, ...patience });
  } catch (error) {
    if (!signal.aborted || !isFault(error, 'CANCELLED')) throw error;
  } finally {
    client.close();
  }
}

async function* realTime(fleet: Fleet, signal: AbortSignal): AsyncGenerator<SourceRow> {
  for (let row = 1; !signal.aborted; ) {
    for (const report of fleet.advance(Date.now())) {
      yield { row, report };
      row += 1;
    }
    await pause(EVERY_MS, signal);
  }
}
