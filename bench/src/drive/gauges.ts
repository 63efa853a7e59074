import { type Backlog, watchBacklog } from './backlog.ts';
import { type Commits, watchCommits } from './commits.ts';
import type { AcknowledgedBatch } from './door-load.ts';
import type { DriveOptions, DriveResult } from './drive-options.ts';
import { createLatencies } from './latencies.ts';
import { createVisibleProbe } from './visible-probe.ts';

/** What is read of a drive. */
export interface Gauges {
  readonly backlog: Pick<Backlog, 'size'>;
  /** A batch that was due at a time of `performance.now()` is acknowledged. */
  acknowledged(batch: AcknowledgedBatch, dueMs: number): void;
  /** Measures while something lasts. */
  measure(work: () => Promise<void>): Promise<DriveResult>;
  close(): Promise<void>;
}

export async function openGauges(options: DriveOptions): Promise<Gauges> {
  const backlog = watchBacklog(options.history);
  const commits = await watchCommits(options.natsUrl, options.partitions);
  const times = { acknowledged: createLatencies(), committed: createLatencies(), visible: createLatencies() };
  let isMeasuring = false;
  let acknowledged = 0;
  const note = (name: keyof typeof times, ms: number) => {
    if (isMeasuring) times[name].record(ms);
  };
  const probe = createVisibleProbe(options.history, (ms) => note('visible', ms));
  const look = () => ({
    ...{ atMs: performance.now(), cpu: process.cpuUsage() },
    ...{ acknowledged, visible: backlog.visible(), behind: backlog.size() },
  });

  return {
    backlog,
    acknowledged(batch, dueMs) {
      acknowledged += batch.positions.length;
      note('acknowledged', performance.now() - dueMs);
      backlog.acknowledged(batch.positions);
      probe.acknowledged(batch);
      noteCommit(commits, batch, () => note('committed', performance.now() - dueMs));
    },
    async measure(work) {
      isMeasuring = true;
      const before = look();
      await work();
      const after = look();
      isMeasuring = false;
      const seconds = (after.atMs - before.atMs) / 1_000;
      const { user, system } = process.cpuUsage(before.cpu);
      return {
        acknowledgedPerSecond: (after.acknowledged - before.acknowledged) / seconds,
        visiblePerSecond: (after.visible - before.visible) / seconds,
        backlog: [before.behind, after.behind],
        acknowledged: times.acknowledged.percentiles(),
        committed: times.committed.percentiles(),
        visible: times.visible.percentiles(),
        driverCpuShare: (user + system) / 1e6 / seconds,
      };
    },
    async close() {
      await probe.stop();
      await commits.stop();
      await backlog.stop();
    },
  };
}

/** A batch is in the log when its last report is; its reports lie in at most two envelopes of a partition. */
function noteCommit(commits: Commits, { positions }: AcknowledgedBatch, done: () => void): void {
  const last = positions.at(-1);
  if (last) commits.onCommitted(last, done);
}
