import type { Policy } from './policy.ts';

/** How values of a type become bytes. */
export interface Codec<Value> {
  encode(value: Value): Uint8Array;
  /** Throws if they do not hold a value of this type. */
  decode(bytes: Uint8Array): Value;
  /** The bytes that a value takes in memory, roughly. */
  bytesOf(value: Value): number;
}

/** A type of values: what all its keys begin with, before a colon; how long its values are kept; how they become bytes. */
export interface CachedType<Value> {
  readonly name: string;
  readonly policy: Policy;
  /** Of the memory of all types: 0.5 is half. What one type holds pushes out nothing of another. */
  readonly share: number;
  readonly codec: Codec<Value>;
  /** Whether changes of a value arrive by themselves. While they do not, it is not fresh for long. Default: they do. */
  readonly isLive?: (key: string) => boolean;
}

/** The type of a key that begins with the name of one; else a name that none has. */
export const typeNameOf = (key: string): string => key.slice(0, Math.max(key.indexOf(':'), 0));
