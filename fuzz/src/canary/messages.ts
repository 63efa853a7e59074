import type { OurProcesses } from '../lag.ts';
import type { CanaryTarget } from './canary.ts';
import type { Operation } from './stopwatch.ts';

/** What the fuzzer asks of the process of the canary. */
export type CanaryCommand = {
  readonly processes: OurProcesses;
} & ({ readonly kind: 'start'; readonly target: CanaryTarget } | { readonly kind: 'settle' | 'stop' });

/** What it answers, to each command once. */
export interface CanaryReply {
  /** Operations since the last reply. */
  readonly operations: readonly Operation[];
  /** After `stop`: each acknowledged report, and where it is in the log. */
  readonly acknowledged?: readonly (readonly [id: string, position: string])[];
}
