import { type DescMessage, fromJson, type JsonValue, ScalarType, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { contracts } from './descriptors.ts';
import { largeIntegersIn } from './large-integers.ts';

function messageOf(name: string): DescMessage {
  const type = contracts.getMessage(name);
  if (!type) throw new Error(name);
  return type;
}

/** The fields of a message, given as JSON, whose integers cannot be read exactly. */
function fieldsIn(name: string, json: JsonValue): readonly string[] {
  const type = messageOf(name);
  return Array.from(largeIntegersIn(type, toBinary(type, fromJson(type, json))), ({ field }) => field);
}

test.each([
  [2n ** 53n - 1n, []],
  [2n ** 53n, ['from_ms']],
  [-(2n ** 53n) + 1n, []],
  [-(2n ** 53n), ['from_ms']],
])('%s is found if it is beyond 2^53', (value, fields) => {
  expect(fieldsIn('odograph.history.v1.ListSamplesRequest', { fromMs: String(value) })).toEqual(fields);
});

test('they are found in messages and in lists of messages', () => {
  const large = String(2n ** 60n);
  const samples = [{ observedAtMs: '1' }, { observedAtMs: large }];
  expect(fieldsIn('odograph.telemetry.v1.VehicleReport', { vin: 'x', samples })).toEqual([
    'samples[1].observed_at_ms',
  ]);
  const atLeast = { partition: 1, sequence: large };
  const request = { vehicleId: 'bus-7', toMs: large, atLeast };
  expect(fieldsIn('odograph.history.v1.ListSamplesRequest', request)).toEqual(['to_ms', 'at_least.sequence']);
});

test('no request has integers elsewhere, where they would not be found', () => {
  const elsewhere = (type: DescMessage): readonly string[] =>
    type.fields.flatMap((field) => {
      if (field.message && field.fieldKind !== 'map') return elsewhere(field.message);
      return isLarge(field.scalar) && field.fieldKind !== 'scalar' ? [`${type.typeName}.${field.name}`] : [];
    });
  const services = [...contracts].filter((each) => each.kind === 'service');
  const requests = services.flatMap(({ methods }) => methods.map(({ input }) => input));
  expect(requests.length).toBeGreaterThan(15);
  expect(requests.flatMap(elsewhere)).toEqual([]);
});

/** All scalars of 64 bits that are not floating. */
function isLarge(scalar: ScalarType | undefined): boolean {
  return scalar !== undefined && /64$/.test(ScalarType[scalar] ?? '');
}

test('they are looked for one at a time: the first of very many costs no more than it', () => {
  const type = messageOf('odograph.telemetry.v1.VehicleReport');
  const samples = Array.from({ length: 1_000 }, () => ({ observedAtMs: String(2n ** 60n) }));
  const bytes = toBinary(type, fromJson(type, { samples }));
  const end = bytes.indexOf(0x1a, 2);
  const [first] = largeIntegersIn(type, bytes.subarray(0, end));
  expect(first?.field).toBe('samples[0].observed_at_ms');
  // What follows cannot be read, and is not looked at.
  const [again] = largeIntegersIn(type, bytes.fill(0xff, end));
  expect(again).toEqual(first);
});

test('bytes that are not the message have none', () => {
  const type = messageOf('odograph.telemetry.v1.VehicleReport');
  expect([...largeIntegersIn(type, Buffer.of(0x0a, 0xff))]).toEqual([]);
});
