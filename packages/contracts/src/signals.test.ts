import { KNOWN_SIGNAL_NAMES, KNOWN_SIGNALS, type Signals } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Signals as WireSignals } from './generated/odograph/telemetry/v1/signals.ts';
import { signalsToDomain, signalsToWire } from './signals.ts';

const known = fc.record(
  Object.fromEntries(
    KNOWN_SIGNAL_NAMES.map((name) => [
      name,
      KNOWN_SIGNALS[name].kind === 'number' ? fc.double({ noNaN: true }) : fc.boolean(),
    ]),
  ),
  { requiredKeys: [], noNullPrototype: true },
);
const vssPath = fc.stringMatching(/^Vehicle(\.[A-Z][a-z]{1,8}){1,3}$/);
const others = fc.dictionary(vssPath, fc.oneof(fc.double({ noNaN: true }), fc.boolean(), fc.string()), {
  noNullPrototype: true,
});
const signals = fc
  .tuple(known, others)
  .map(([fields, rest]): Signals => ({ ...(fields as Signals), ...rest }));

describe('signals', () => {
  test('are the same after encoding and decoding, known or not, of any type', () => {
    fc.assert(
      fc.property(signals, (sent) => {
        const bytes = WireSignals.encode(signalsToWire(sent)).finish();
        expect(signalsToDomain(WireSignals.decode(bytes))).toEqual(sent);
      }),
    );
  });

  test('that are absent stay absent, and a zero or a false stays', () => {
    const sent = { speed_kmh: 0, charging: false, 'Vehicle.Speed.Text': '' };
    expect(signalsToDomain(signalsToWire(sent))).toEqual(sent);
    expect(signalsToDomain(WireSignals.create())).toEqual({});
  });

  test('each have a field on the wire when they are known', () => {
    for (const name of KNOWN_SIGNAL_NAMES) {
      const value = KNOWN_SIGNALS[name].kind === 'number' ? 1 : true;
      expect(signalsToWire({ [name]: value }).others, name).toEqual({});
    }
  });

  test('with a value without a kind are refused by name', () => {
    const wire = WireSignals.create({ others: { 'Vehicle.Novel': {} } });
    expect(() => signalsToDomain(wire)).toThrow('signal Vehicle.Novel has a value without a kind');
  });

  test('that are known must have their type', () => {
    expect(() => signalsToWire({ speed_kmh: 'fast' })).toThrow('signal speed_kmh must be a number');
    expect(() => signalsToWire({ charging: 1 })).toThrow('signal charging must be true or false');
  });

  test('from a map with a replaced prototype are only the keys of the map', () => {
    const others = { __proto__: { kind: { $case: 'number', value: 1 } } } as unknown as WireSignals['others'];
    expect(signalsToDomain({ others })).toEqual({});
  });
});
