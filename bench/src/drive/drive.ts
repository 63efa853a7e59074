import { pause } from '@odograph/kernel/clock';
import { openDoorLoad } from './door-load.ts';
import type { DriveOptions, DriveResult } from './drive-options.ts';
import { openGauges } from './gauges.ts';
import { driveOn } from './manners.ts';

/**
 * Drives a fleet against a platform for a while, and measures what comes of it. Throws where a report is refused.
 * @param onMeasuring is called when the warm-up is over.
 */
export async function drive(options: DriveOptions, onMeasuring: () => void): Promise<DriveResult> {
  const load = await openDoorLoad(options);
  const gauges = await openGauges(options);
  const stopping = new AbortController();

  async function send(connection: number): Promise<void> {
    const dueMs = performance.now();
    gauges.acknowledged(await load.send(connection), dueMs);
  }

  const { connections, batch } = options;
  const backlog = () => gauges.backlog.size();
  const driving = driveOn(options.manner, { connections, batch, send, backlog, signal: stopping.signal });
  const whileDriving = (ms: number) => Promise.race([driving, pause(ms)]);
  await whileDriving(options.warmUpMs);
  onMeasuring();
  const result = await gauges.measure(() => whileDriving(options.measureMs));
  stopping.abort();
  await driving;
  await gauges.close();
  await load.close();
  return result;
}
