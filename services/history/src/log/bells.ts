import type { NatsConnection } from '@nats-io/nats-core';
import type { Broadcast } from '@odograph/event-log/broadcast';
import { listenToLog } from '@odograph/event-log/listen-to-log';
import type { LogReader } from '@odograph/event-log/log-reader';
import { Bell } from '@odograph/kernel/bell';
import { pause } from '@odograph/kernel/clock';
import type { Trouble } from '@odograph/platform/trouble';
import type { LiveLog } from './broadcaster.ts';

interface BellsDeps {
  readonly connection: NatsConnection;
  readonly partitionCount: number;
  readonly reader: LogReader;
  readonly live: Pick<LiveLog, 'pass' | 'passedThrough' | 'heard'>;
  /** Of a partition that this process owns, what NATS says is ignored: its own writer knows. */
  readonly isOwner: (partition: number) => boolean;
  /** Receives reads that fail. The next bell reads again. */
  readonly trouble: Pick<Trouble, 'failed' | 'succeeded'>;
}

interface Bells {
  stop(): Promise<void>;
}

/** Bells that ring within this time are answered with one read. */
const JOIN_MS = 5;

/**
 * Takes the broadcasts of other processes as bells: each makes this process read the log, once for all who follow it here.
 * What a broadcast says only decides whether there may be anything to read.
 */
export function answerBells({ partitionCount, ...deps }: BellsDeps): Bells {
  const stopping = new AbortController();
  const { signal } = stopping;
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const running = partitions.map((partition) => answer(partition, deps, signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

async function answer(
  partition: number,
  { connection, reader, live, isOwner, trouble }: Omit<BellsDeps, 'partitionCount'>,
  signal: AbortSignal,
): Promise<void> {
  const rings = new Bell();
  let heard: Broadcast | undefined;
  const stopListening = listenToLog(connection, partition, (broadcast) => {
    if (isOwner(partition)) return;
    live.heard(partition, broadcast);
    if (broadcast.watermark === live.passedThrough(partition)) return;
    heard = broadcast;
    rings.ring();
  });
  const wake = () => rings.ring();
  signal.addEventListener('abort', wake);
  while (!signal.aborted) {
    if (!heard) await rings.rung();
    if (!heard) continue;
    heard = undefined;
    await readNew(partition, reader, live).then(
      () => trouble.succeeded(),
      (error: unknown) => trouble.failed(error),
    );
    await pause(JOIN_MS, signal);
  }
  signal.removeEventListener('abort', wake);
  stopListening();
}

/** Reads what follows the last envelope that was passed on. If it is more than a stretch, each follower reads for itself. */
async function readNew(partition: number, reader: LogReader, live: BellsDeps['live']): Promise<void> {
  const watermark = await reader.watermark(partition);
  const after = Math.min(live.passedThrough(partition) ?? watermark, watermark);
  const stretch = after < watermark ? await reader.read(partition, after, watermark) : undefined;
  if (stretch) live.pass(partition, { after, ...stretch });
  if (stretch?.through !== watermark)
    live.pass(partition, { after: watermark, events: [], through: watermark });
}
