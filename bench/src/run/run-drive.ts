import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import type { DriveMessage, DriveOptions, DriveResult } from '../drive/drive-options.ts';
import { type IntervalUsage, sampleUsage, type UsageSampling } from '../process-usage.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/drive.ts');

/** What came of a drive, and what each process of the platform used while it was measured. */
export interface Driven {
  readonly result: DriveResult;
  readonly usage: Readonly<Record<string, IntervalUsage>>;
}

/** Drives from a process of its own, so that making the load takes no time of whoever measures. */
export async function runDrive(
  options: DriveOptions,
  pids: () => Readonly<Record<string, number>>,
): Promise<Driven> {
  const child = fork(SCRIPT, [JSON.stringify(options)]);
  let sampling: UsageSampling | undefined;
  let driven: Driven | undefined;
  child.on('message', (message: DriveMessage) => {
    if ('isMeasuring' in message) sampling = sampleUsage(pids());
    else driven = { result: message.result, usage: sampling?.stop() ?? {} };
  });
  const [code] = await once(child, 'exit');
  if (driven) return driven;
  throw new Fault('UNAVAILABLE', `the load ended with exit code ${code} before it had a result`);
}
