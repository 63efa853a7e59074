import { fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { contracts } from './descriptors.ts';
import { largeIntegersIn } from './large-integers.ts';

/** The fields of a message, given as JSON, whose integers cannot be read exactly. */
function fieldsIn(name: string, json: JsonValue): readonly string[] {
  const type = contracts.getMessage(name);
  if (!type) throw new Error(name);
  return largeIntegersIn(type, toBinary(type, fromJson(type, json))).map(({ field }) => field);
}

test.each([
  [2n ** 53n - 1n, []],
  [2n ** 53n, ['from_ms']],
  [-(2n ** 53n) + 1n, []],
  [-(2n ** 53n), ['from_ms']],
])('%s is found if it is beyond 2^53', (value, fields) => {
  expect(fieldsIn('odograph.history.v1.ListSamplesRequest', { fromMs: String(value) })).toEqual(fields);
});

test('they are found in messages, lists and maps', () => {
  const large = String(2n ** 60n);
  const samples = [{ observedAtMs: '1' }, { observedAtMs: large }];
  expect(fieldsIn('odograph.telemetry.v1.VehicleReport', { samples })).toEqual(['samples[1].observed_at_ms']);
  const observedAtMs = { speed_kmh: '1', 'Vehicle.X': large };
  expect(fieldsIn('odograph.history.v1.VehicleStatus', { observedAtMs })).toEqual([
    'observed_at_ms[Vehicle.X]',
  ]);
});

test('bytes that are not the message have none', () => {
  const type = contracts.getMessage('odograph.telemetry.v1.VehicleReport');
  expect(type && largeIntegersIn(type, Buffer.of(0x0a, 0xff))).toEqual([]);
});
