import { SAMPLE_WINDOW_MS } from '@odograph/kernel/sample-window';
import type { Fact } from './accept.ts';

/** How many samples of a report are believed. */
export function countBelieved([first]: readonly Fact[]): number {
  return first?.type === 'TelemetryReported' ? first.samples.length : 0;
}

/**
 * Over which windows of time the believed samples of a report spread, each by its number since 1970. The samples of a vehicle
 * are stored by window, so this is what the report costs behind the door, whatever its size.
 */
export function windowsOf(facts: readonly Fact[]): readonly number[] {
  const [first] = facts;
  if (first?.type !== 'TelemetryReported') return [];
  const windows = first.samples.map(windowOf);
  // Most reports have one sample.
  return windows.length < 2 ? windows : [...new Set(windows)];
}

function windowOf({ observedAtMs }: { readonly observedAtMs: number }): number {
  return Math.floor(observedAtMs / SAMPLE_WINDOW_MS);
}
