import { Fault } from '@odograph/kernel/fault';
import type { KnownSignalName, SignalValue } from '@odograph/kernel/signal';

/** @throws {Fault} INTERNAL if a known number has a value of another type. */
export function numberOf(name: KnownSignalName, value: SignalValue | undefined): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  throw new Fault('INTERNAL', `signal ${name} must be a number: its value is ${JSON.stringify(value)}`);
}

/** @throws {Fault} INTERNAL if a known boolean has a value of another type. */
export function booleanOf(name: KnownSignalName, value: SignalValue | undefined): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new Fault('INTERNAL', `signal ${name} must be true or false: its value is ${JSON.stringify(value)}`);
}
