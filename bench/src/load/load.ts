import type { Measured, Recorder } from './recorder.ts';

/** The load of one process; it is passed to the process as JSON. */
export type LoadOptions = DriveOptions | UsersOptions | StreamsOptions | AsksOptions;

/** A fleet that reports in batches over a few connections. */
export interface DriveOptions extends DriveShape {
  readonly kind: 'drive';
  readonly mode: DriveMode;
  /** Endpoint of ingest. */
  readonly ingest: string;
  /** Endpoint of a history replica. */
  readonly history: string;
  readonly natsUrl: string;
  readonly partitions: number;
  /** Batches that are encoded before the first is sent; further ones are encoded during the load. */
  readonly prepared: number;
}

export interface DriveShape {
  readonly vehicles: number;
  readonly samplesPerReport: number;
  readonly seed: number;
  /** Each has its own transport. A vehicle always reports over the same connection. */
  readonly connections: number;
  /** Reports in a message. */
  readonly batch: number;
  /** When the fleet starts by its own clocks, in Unix milliseconds. Default: that of the fleet. */
  readonly startMs?: number;
}

export type DriveMode =
  /** As fast as acknowledgements arrive, with `window` batches in flight on each connection. */
  | { readonly kind: 'acknowledged'; readonly window: number }
  /** The same, but pauses while `maxBacklog` reports are acknowledged and not visible. */
  | { readonly kind: 'visible'; readonly window: number; readonly maxBacklog: number }
  /** At a fixed rate, whether the platform keeps up or not. */
  | { readonly kind: 'paced'; readonly reportsPerSecond: number };

/** Users that query history; a worker is a user. */
export interface UsersOptions {
  readonly kind: 'users';
  /** Endpoints of the history replicas and of the caches, over which the users are spread. */
  readonly histories: readonly string[];
  readonly caches: readonly string[];
  /** Vehicles that they ask about. */
  readonly vehicles: number;
  readonly seed: number;
}

/** Callers who ask for one status after the other; a worker is a caller. */
export interface AsksOptions {
  readonly kind: 'asks';
  readonly of: 'cache' | 'history';
  readonly endpoint: string;
  /** Vehicles, of which few are asked for most often: the nth is as often as 1/n (Zipf). */
  readonly vehicles: number;
  /** How long a caller pauses before each request, on average; 0: it does not. */
  readonly pauseMs: number;
  readonly seed: number;
  /** Another number draws other vehicles: a cache has all that were drawn before. */
  readonly draws: number;
}

/** Vehicles with a stream each; a worker is a vehicle. */
export interface StreamsOptions {
  readonly kind: 'streams';
  readonly ingest: string;
  /** The maximum number of streams. */
  readonly vehicles: number;
  readonly seed: number;
  /** When the vehicles start, by their clocks: Unix time in milliseconds. */
  readonly startMs: number;
  /** From a report of a vehicle to its next one, in milliseconds. */
  readonly everyMs: number;
}

/** A kind of load, as its own process runs it. */
export interface Load {
  readonly recorder: Recorder;
  /** The work of one worker, until the signal. If it throws, the process ends. */
  work(worker: number, signal: AbortSignal): Promise<void>;
  /** Closes what the workers shared, after they have ended. */
  close(): Promise<void>;
}

/** Each command gets one reply. */
export type LoadCommand = { readonly workers: number } | 'begin' | 'end';
export type LoadReply = { readonly measured?: Measured };
