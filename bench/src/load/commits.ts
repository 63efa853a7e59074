import { connect } from '@nats-io/transport-node';
import { LogBroadcast } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { logSubject } from '@odograph/event-log/nats-subjects';
import type { Position } from '@odograph/kernel/position';
import { natsOptions } from '@odograph/platform/nats-options';

/** Knows from history's broadcasts which positions are in the log. */
interface Commits {
  /** Calls `done` once the envelope of the position is in the log. */
  onCommitted(position: Position, done: () => void): void;
  stop(): Promise<void>;
}

interface Waiting {
  readonly sequence: number;
  readonly done: () => void;
}

export async function watchCommits(natsUrl: string, partitions: number): Promise<Commits> {
  const nats = await connect(natsOptions({ url: natsUrl }));
  const heads = new Array<number>(partitions).fill(0);
  const waiting = heads.map((): Waiting[] => []);

  function reached(partition: number, watermark: number): void {
    heads[partition] = watermark;
    const own = waiting[partition] ?? [];
    const behind = own.filter(({ sequence }) => sequence <= watermark);
    waiting[partition] = own.filter(({ sequence }) => sequence > watermark);
    for (const { done } of behind) done();
  }

  for (let partition = 0; partition < partitions; partition += 1) {
    nats.subscribe(logSubject(partition), {
      callback: (_, { data }) => reached(partition, LogBroadcast.decode(data).watermark),
    });
  }
  return {
    onCommitted({ partition, sequence }, done) {
      if (sequence <= (heads[partition] ?? 0)) done();
      else waiting[partition]?.push({ sequence, done });
    },
    stop: () => nats.close(),
  };
}
