import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { EventLogClient } from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { streamName } from '@odograph/event-log/nats-subjects';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import type { Violation } from './violation.ts';

const LOOK_MS = 100;

export interface Settling {
  readonly natsUrl: string;
  /** A replica of history. */
  readonly endpoint: string;
  readonly withinMs: number;
}

/** Where the log came to rest, or what kept it from that. */
export type Settled = { readonly heads: readonly Position[] } | { readonly violation: Violation };

/** Waits until the log has all that lies in the streams, by nobody's doing but the platform's own. */
export async function settle({ natsUrl, endpoint, withinMs }: Settling): Promise<Settled> {
  const nats = await connect({ servers: natsUrl });
  const client = createGrpcClient(EventLogClient, endpoint);
  const deadlineAtMs = performance.now() + withinMs;
  try {
    const manager = await jetstreamManager(nats);
    for (;;) {
      const look = await lookOnce(client, async (partition) => {
        return (await manager.streams.info(streamName(partition))).state.last_seq;
      });
      if ('heads' in look) return look;
      if (performance.now() > deadlineAtMs) {
        return { violation: { rule: 'what is healed comes to rest by itself', detail: look.restless } };
      }
      await pause(LOOK_MS);
    }
  } finally {
    client.close();
    await nats.close();
  }
}

type Look = { readonly heads: readonly Position[] } | { readonly restless: string };

async function lookOnce(
  client: EventLogClient,
  lastOf: (partition: number) => Promise<number>,
): Promise<Look> {
  try {
    const { partitions } = await callUnary(client.describe, {}, { deadlineMs: 2_000 });
    const heads: Position[] = [];
    for (const { watermark, state, reason } of partitions) {
      if (!watermark) return { restless: 'a partition has no watermark' };
      const last = await lastOf(watermark.partition);
      if (state !== PartitionState.RUNNING || last !== watermark.sequence) {
        const where = `partition ${watermark.partition} is at ${watermark.sequence} of ${last}`;
        return { restless: `${where}, state ${state} ${reason}`.trimEnd() };
      }
      heads.push({ partition: watermark.partition, sequence: watermark.sequence });
    }
    return { heads };
  } catch (error) {
    if (isFault(error)) return { restless: error.message };
    return { restless: error instanceof Error ? error.message : String(error) };
  }
}
