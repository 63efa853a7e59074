import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { scrapeAll, sumOf } from '@odograph/testing/scrape';
import type { BenchPlatform } from './platform.ts';

const STORED_WITHIN_MS = 120_000;
const POLL_MS = 500;
/** The size of all tails together when only events of the log itself are left. */
const STORED_BYTES = 65_536;

/** Resolves when history has stored what is in its views. */
export async function untilStored(metrics: BenchPlatform['metrics']): Promise<void> {
  const deadlineAtMs = performance.now() + STORED_WITHIN_MS;
  while (performance.now() < deadlineAtMs) {
    const samples = Object.values(await scrapeAll(metrics)).flat();
    if (sumOf(samples, 'odograph_views_tail_size') < STORED_BYTES) return;
    await pause(POLL_MS);
  }
  throw new Fault('DEADLINE', `history did not store its views within ${STORED_WITHIN_MS} ms`);
}
