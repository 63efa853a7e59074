import { pause } from '@odograph/kernel/clock';
import { driveWorkers } from '../load/drive.ts';
import type { DriveMode, DriveShape } from '../load/load.ts';
import { startLoad } from '../load/load-process.ts';
import type { Measured } from '../load/recorder.ts';
import { measureLoads } from './measure-loads.ts';
import type { BenchPlatform } from './platform.ts';
import type { IntervalUsage } from './usage.ts';

export interface DriveTime {
  /** Not measured, in milliseconds. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Driven {
  readonly load: Measured;
  /** Of each process of the platform. */
  readonly usage: Readonly<Record<string, IntervalUsage>>;
}

/** Drives a fleet against a platform, and measures it after the warm-up. */
export async function runDrive(
  platform: BenchPlatform,
  shape: DriveShape,
  mode: DriveMode,
  time: DriveTime,
): Promise<Driven> {
  const { endpoints, urls, partitions } = platform;
  const seconds = (time.warmUpMs + time.measureMs) / 1_000;
  const drive = await startLoad({
    ...{ kind: 'drive', ...shape, mode, partitions },
    ...{ ingest: endpoints.ingest, history: endpoints.histories[0] ?? '', natsUrl: urls.nats },
    prepared: Math.ceil((maxReportsPerSecond(shape, mode) * seconds) / shape.batch),
  });
  try {
    await drive.resize(driveWorkers(mode, shape.connections));
    await pause(time.warmUpMs);
    const { loads, processes } = await measureLoads(platform, { drive }, time.measureMs);
    return { load: loads.drive, usage: processes };
  } finally {
    await drive.stop();
  }
}

/** Enough prepared batches for a rate that no run has reached. */
function maxReportsPerSecond({ samplesPerReport }: DriveShape, mode: DriveMode): number {
  if (mode.kind === 'paced') return mode.reportsPerSecond;
  return samplesPerReport === 1 ? 60_000 : 25_000;
}
