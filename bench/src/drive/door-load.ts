import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { createFleet } from '@odograph/sources/scripted/fleet';
import { createDoorClient, type DoorConnection } from '@odograph/testing/door-client';

export interface DoorLoadOptions {
  readonly endpoint: string;
  readonly vehicles: number;
  readonly samplesPerReport: number;
  readonly seed: number;
  /** Connections, each with a transport of its own. A vehicle always reports over the same one. */
  readonly connections: number;
  /** Reports in one message. */
  readonly batch: number;
  /** Batches that are made before anything is sent; further ones while the clock runs. */
  readonly prepared: number;
}

/** A batch that the door has on disk. */
export interface AcknowledgedBatch {
  /** Where its reports lie, one a report. */
  readonly positions: readonly Position[];
  /** The vehicle of the last one. */
  readonly lastVehicleId: string;
}

/** A fleet at the door, a batch of it at a time. */
export interface DoorLoad {
  readonly connections: number;
  /** Makes the next batch of a connection and sends it; resolves when it is on disk. Throws where any of it is not. */
  send(connection: number): Promise<AcknowledgedBatch>;
  close(): Promise<void>;
}

export async function openDoorLoad(options: DoorLoadOptions): Promise<DoorLoad> {
  const fleet = createFleet(options);
  const clients = Array.from({ length: options.connections }, () => createDoorClient(options.endpoint));
  const connections = await Promise.all(clients.map((client) => client.connect()));
  const turns = connections.map((_, at) => turnOf(at, options));
  const nextBatch = (at: number): Batch => {
    const reports = Array.from({ length: options.batch }, () => fleet.next((turns[at] as () => number)()));
    return { bytes: reports.map(({ bytes }) => bytes), lastVehicleId: reports.at(-1)?.vehicleId ?? '' };
  };
  const ready = connections.map((): Batch[] => []);
  for (let made = 0; made < options.prepared; made += 1) {
    const at = made % options.connections;
    ready[at]?.push(nextBatch(at));
  }
  for (const batches of ready) batches.reverse();

  return {
    connections: options.connections,
    async send(at) {
      const { bytes, lastVehicleId } = ready[at]?.pop() ?? nextBatch(at);
      const sent = (connections[at] as DoorConnection).send(bytes);
      const { results, refused } = await sent;
      if (refused) throw new Fault('OVERLOADED', `the door refused a batch: ${refused.message}`);
      const positions = results.flatMap(({ outcome, position, findings }) => {
        if (outcome === ReportOutcome.ACCEPTED && position) return [position];
        throw new Fault('OVERLOADED', `the door did not accept a report: ${findings[0]?.description}`);
      });
      return { positions, lastVehicleId };
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
      for (const client of clients) client.close();
    },
  };
}

interface Batch {
  readonly bytes: readonly Uint8Array[];
  readonly lastVehicleId: string;
}

/** The vehicles of a connection, one after the other. */
function turnOf(connection: number, { vehicles, connections }: DoorLoadOptions): () => number {
  let last = connection - connections;
  return () => {
    last = last + connections < vehicles ? last + connections : connection;
    return last;
  };
}
