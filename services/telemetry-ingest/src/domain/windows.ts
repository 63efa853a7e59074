import { SAMPLE_WINDOW_MS } from '@odograph/kernel/sample-window';
import type { Fact } from './accept.ts';

/**
 * Over how many windows of time the believed samples of a report spread. The samples of a vehicle are stored by window, so
 * this is what the report costs behind the door, whatever its size.
 */
export function countWindows(facts: readonly Fact[]): number {
  const [first] = facts;
  if (first?.type !== 'TelemetryReported') return 0;
  const { samples } = first;
  if (samples.length === 1) return 1;
  return new Set(samples.map(({ observedAtMs }) => Math.floor(observedAtMs / SAMPLE_WINDOW_MS))).size;
}
