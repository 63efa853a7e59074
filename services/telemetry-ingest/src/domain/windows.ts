import { SAMPLE_WINDOW_MS } from '@odograph/kernel/sample-window';
import type { Fact } from './accept.ts';

/**
 * Over how many windows of time the believed samples of a report spread. The samples of a vehicle are stored by window, so
 * this is what the report costs behind the door, whatever its size.
 */
export function countWindows(facts: readonly Fact[]): number {
  const samples = facts.flatMap((fact) => (fact.type === 'TelemetryReported' ? fact.samples : []));
  if (samples.length < 2) return samples.length;
  return new Set(samples.map(({ observedAtMs }) => Math.floor(observedAtMs / SAMPLE_WINDOW_MS))).size;
}
