import type { SignalValue } from './signal.ts';

/** The bytes of a signal in an answer, or a few more: a text has at most three for each UTF-16 unit. */
export function signalBytes(name: string, value: SignalValue): number {
  return name.length + (typeof value === 'string' ? 3 * value.length : 8) + 16;
}
