import type { DoorLoadOptions } from './door-load.ts';
import type { Percentiles } from './latencies.ts';

/** How a drive is to be driven; it goes as JSON to the process that drives. */
export interface DriveOptions extends DoorLoadOptions {
  /** Of a history replica. */
  readonly history: string;
  readonly natsUrl: string;
  readonly partitions: number;
  /** What is not counted, first, in milliseconds. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly manner: Manner;
}

export type Manner =
  /** As fast as acknowledgements come, with so many batches under way on each connection. */
  | { readonly kind: 'acknowledged'; readonly window: number }
  /** The same, but never more than so many reports are acknowledged and not visible. */
  | { readonly kind: 'visible'; readonly window: number; readonly maxBacklog: number }
  /** So many reports a second, whatever comes of it. */
  | { readonly kind: 'paced'; readonly reportsPerSecond: number };

/** What came of it while it was measured. */
export interface DriveResult {
  readonly acknowledgedPerSecond: number;
  readonly visiblePerSecond: number;
  /** Reports that were acknowledged and not visible, as the measuring began and ended. */
  readonly backlog: readonly [number, number];
  /** From when a batch was due to its acknowledgement. */
  readonly acknowledged: Percentiles;
  /** From when a batch was due to its being in the log. */
  readonly committed: Percentiles;
  /** From an acknowledgement to an answer that has the report. */
  readonly visible: Percentiles;
  readonly driverCpuShare: number;
}

/** What the process that drives tells whoever started it. */
export type DriveMessage = { readonly isMeasuring: true } | { readonly result: DriveResult };
