import type { Version } from './version.ts';

/** Who wrote an entry: one who asked for it, what follows the log, or a program that set it. */
export type Writer = 'load' | 'feed' | 'set';

/** A value with what decides whether it may be answered. */
export interface Entry<Value> {
  /** Undefined: the source has no value for this key. */
  readonly value: Value | undefined;
  readonly version: Version;
  readonly tags: readonly string[];
  readonly writer: Writer;
  /** When it was read from its source, and until when it is fresh, served, and kept. By a clock that only goes forward. */
  readonly readAtMs: number;
  readonly freshUntilMs: number;
  readonly servedUntilMs: number;
  readonly keptUntilMs: number;
}
