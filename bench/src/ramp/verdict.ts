import { JUDGED } from './ramp-plan.ts';
import type { StepResult } from './ramp-record.ts';

/** What the judged step has to hold. */
export const BARS = {
  requestsPerSecond: 1_000,
  messagesPerSecond: 500,
  streams: 1_000,
  apiP95Ms: 200,
  queriesP95Ms: 100,
  rssMib: 512,
} as const;

/** A bar, and how a platform stands to it. */
export interface VerdictLine {
  readonly what: string;
  readonly bar: number;
  /** Which side of the bar holds. */
  readonly side: 'above' | 'below';
  /** Undefined where nobody could say. */
  readonly measured: number | undefined;
  readonly holds: boolean;
}

/** The lines of the judged step. What could not be measured does not hold. */
export function verdictOf(step: StepResult | undefined): readonly VerdictLine[] {
  const line = (what: string, side: VerdictLine['side'], bar: number, measured: number | undefined) => {
    const isAbove = measured !== undefined && measured > bar;
    const isBelow = measured !== undefined && measured < bar;
    return { what, side, bar, measured, holds: side === 'above' ? isAbove : isBelow };
  };
  return [
    line(`requests/s of ${JUDGED.users} users`, 'above', BARS.requestsPerSecond, step?.requestsPerSecond),
    line(`messages/s of ${JUDGED.streams} streams`, 'above', BARS.messagesPerSecond, step?.messagesPerSecond),
    line('streams on one ingest', 'above', BARS.streams, step?.openStreams),
    line('API p95, ms', 'below', BARS.apiP95Ms, step?.api.count ? step.api.p95Ms : undefined),
    line('MongoDB queries p95, ms', 'below', BARS.queriesP95Ms, step?.queriesP95Ms),
    line('RSS of ingest, MiB', 'below', BARS.rssMib, step && mostMemory(step, /^ingest$/)),
    line('RSS of history, MiB', 'below', BARS.rssMib, step && mostMemory(step, /^history/)),
  ];
}

/** Of the largest process whose name is like this, in MiB; undefined where there was none. */
export function mostMemory({ platform }: StepResult, names: RegExp): number | undefined {
  const own = Object.entries(platform).filter(([name]) => names.test(name));
  const sizes = own.flatMap(([, { peakRssMib }]) => peakRssMib ?? []);
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}
