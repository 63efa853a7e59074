import type { Percentiles } from '../drive/latencies.ts';

/** What one process of the load is to do; it goes to it as JSON. */
export type LoadPartOptions =
  | {
      readonly kind: 'users';
      /** Of the replicas of history, over which users are spread. */
      readonly endpoints: readonly string[];
      /** Vehicles to ask about. */
      readonly vehicles: number;
      readonly seed: number;
    }
  | {
      readonly kind: 'streams';
      /** Of the door. */
      readonly endpoint: string;
      /** The most there will ever be. */
      readonly vehicles: number;
      readonly seed: number;
      /** When they set out by their clocks, Unix time in milliseconds. */
      readonly startMs: number;
    };

/** What a process of the load is told; it answers each command once. */
export type LoadCommand = { readonly resize: number } | { readonly measure: 'begin' | 'end' };

export type LoadReply = { readonly measured?: Measured };

/** What came of a part of the load between begin and end. */
export interface Measured {
  readonly perSecond: number;
  /** Of what was answered well. */
  readonly latency: Percentiles;
  /** By code and, where the fault named one, limit. */
  readonly errors: Readonly<Record<string, number>>;
  /** CPU time of the process that makes this load; 1 is one core kept busy. */
  readonly cpuShare: number;
  /** How much of the time its event loop had something to do. */
  readonly loopBusy: number;
}

/** Users, or vehicles. */
export interface LoadPart {
  /** Lets some come, or sends some away; does not wait for either. */
  resize(size: number): void;
  begin(): void;
  end(): Measured;
  close(): Promise<void>;
}
