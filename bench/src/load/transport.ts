/** The only file of the bench that opens connections to ingest and sends reports. */
import { createClient } from '@odograph/client';
import { faultFromRpcStatus } from '@odograph/client/rpc-status';
import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';

/** A transport to ingest. */
export interface Transport {
  connect(): Promise<IngestConnection>;
  close(): void;
}

export interface IngestConnection {
  /**
   * Sends a batch of encoded reports, and resolves with their positions once they are on disk.
   * @throws Fault if ingest refuses the batch, does not accept one of its reports, or the connection ends.
   */
  send(reports: readonly Uint8Array[]): Promise<readonly Position[]>;
  /** Whether the connection has failed. It stays open when ingest refuses a batch. */
  hasFailed(): boolean;
  close(): Promise<void>;
}

/** @param endpoint of ingest. */
export function openTransport(endpoint: string): Transport {
  // Each has its own transport: loads open several in one process.
  const channelOptions = { 'grpc.use_local_subchannel_pool': 1 };
  const client = createClient({ ingest: endpoint, maxAttempts: 1, channelOptions });
  return {
    close: () => client.close(),
    async connect() {
      const connection = await client.connect();
      let hasFailed = false;
      return {
        hasFailed: () => hasFailed,
        close: () => connection.close(),
        async send(reports) {
          const { results, refused } = await connection.send(reports).catch((error: unknown) => {
            hasFailed = true;
            throw error;
          });
          if (refused) throw faultFromRpcStatus(refused);
          return results.map(({ outcome, position, findings }) => {
            if (outcome === ReportOutcome.ACCEPTED && position) return position;
            throw new Fault('INVALID_INPUT', `ingest did not accept a report: ${findings[0]?.description}`);
          });
        },
      };
    },
  };
}
