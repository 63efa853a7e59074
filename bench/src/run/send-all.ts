import { createClient } from '@odograph/client';
import type { Position } from '@odograph/kernel/position';
import { type IngestConnection, openTransport } from '../load/transport.ts';
import type { BenchPlatform } from './platform.ts';

const BATCH = 150;
const CONNECTIONS = 4;
/** Batches in flight on each connection. */
const WINDOW = 6;
const VISIBLE_WITHIN_MS = 120_000;

interface SentAll {
  /** From the first report until history has judged all of them. */
  readonly tookMs: number;
  /** The last position of each partition. */
  readonly positions: readonly Position[];
}

/** Sends encoded reports, in order on each connection, and waits until history has them in its views. */
export async function sendAll(
  { endpoints }: BenchPlatform,
  reports: readonly Uint8Array[],
): Promise<SentAll> {
  const transports = Array.from({ length: CONNECTIONS }, () => openTransport(endpoints.ingest));
  const connections = await Promise.all(transports.map((transport) => transport.connect()));
  const newest = new Map<number, Position>();
  let next = 0;

  async function sendNext(connection: IngestConnection): Promise<void> {
    while (next < reports.length) {
      const batch = reports.slice(next, next + BATCH);
      next += BATCH;
      for (const position of await connection.send(batch)) {
        const { partition, sequence } = position;
        if (sequence > (newest.get(partition)?.sequence ?? 0)) newest.set(partition, position);
      }
    }
  }

  const startMs = performance.now();
  const senders = connections.flatMap((connection) =>
    Array.from({ length: WINDOW }, () => sendNext(connection)),
  );
  await Promise.all(senders);
  const positions = [...newest.values()];
  await untilVisible(endpoints.histories[0] ?? '', positions);
  const tookMs = performance.now() - startMs;
  await Promise.all(connections.map((connection) => connection.close()));
  for (const transport of transports) transport.close();
  return { tookMs, positions };
}

/** Resolves when a history replica answers with these positions. */
export async function untilVisible(endpoint: string, atLeast: readonly Position[]): Promise<void> {
  using client = createClient({ history: endpoint, maxAttempts: 1 });
  await client.statusPage({ pageSize: 1, atLeast, deadlineMs: VISIBLE_WITHIN_MS });
}
