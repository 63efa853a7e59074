import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { Client } from '@odograph/client';
import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { streamName } from '@odograph/event-log/nats-subjects';
import { pause } from '@odograph/kernel/clock';
import type { Position } from '@odograph/kernel/position';
import { connectHistory } from '../client/history.ts';
import { withNats } from '../client/with-nats.ts';
import type { Violation } from './violation.ts';

const POLL_MS = 100;
const DESCRIBE_WITHIN_MS = 2_000;

interface QuiesceOptions {
  readonly natsUrl: string;
  /** A replica of history. */
  readonly endpoint: string;
  readonly withinMs: number;
}

/** The last position of each partition, or the violation if the log did not reach the end of the streams. */
type Quiesced = { readonly heads: readonly Position[] } | { readonly violation: Violation };

/** Waits until the log contains everything in the streams. It only observes: the platform must get there by itself. */
export async function quiesce({ natsUrl, endpoint, withinMs }: QuiesceOptions): Promise<Quiesced> {
  using history = connectHistory(endpoint);
  const deadlineAtMs = performance.now() + withinMs;
  return await withNats(natsUrl, async (nats) => {
    const manager = await jetstreamManager(nats);
    for (;;) {
      const progress = await compareWithStreams(history, manager);
      if ('heads' in progress) return progress;
      if (performance.now() > deadlineAtMs) {
        const detail = `not within ${withinMs} ms: ${progress.behind}`;
        return { violation: { rule: 'the log catches up by itself after a fault', detail } };
      }
      await pause(POLL_MS);
    }
  });
}

type Progress = { readonly heads: readonly Position[] } | { readonly behind: string };

async function compareWithStreams(history: Client, { streams }: JetStreamManager): Promise<Progress> {
  try {
    const heads: Position[] = [];
    const partitions = await history.describeLog({ deadlineMs: DESCRIBE_WITHIN_MS });
    for (const { watermark, state, reason } of partitions) {
      if (!watermark) return { behind: 'a partition has no watermark' };
      const last = (await streams.info(streamName(watermark.partition))).state.last_seq;
      if (state !== PartitionState.RUNNING || last !== watermark.sequence) {
        const where = `partition ${watermark.partition} is at ${watermark.sequence} of ${last}`;
        return { behind: `${where}, state ${state} ${reason}`.trimEnd() };
      }
      heads.push({ partition: watermark.partition, sequence: watermark.sequence });
    }
    return { heads };
  } catch (error) {
    return { behind: error instanceof Error ? error.message : String(error) };
  }
}
