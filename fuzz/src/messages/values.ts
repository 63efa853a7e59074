import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { DEFAULT_PARTITIONS } from '@odograph/kernel/defaults';
import type { Random } from '@odograph/kernel/random';

/** The middle of the times that inputs use, in Unix milliseconds: a constant, so that an input is the same on every day. */
export const SOME_TIME_MS = Date.UTC(2026, 5, 1);
/** The vehicles that inputs write and read. */
const VEHICLES = 50;
const DAY_MS = 86_400_000;

const TEXT_TYPES: readonly ScalarType[] = [ScalarType.STRING, ScalarType.BYTES];
export const isText = (type: ScalarType): boolean => TEXT_TYPES.includes(type);

export const vehicleId = (random: Random): string => `fuzz-${random.index(VEHICLES)}`;

/** Texts that a service can take for a value, by the names of fields. */
const PLAIN_TEXTS: Readonly<Record<string, (random: Random) => string>> = {
  vehicle_id: vehicleId,
  subject: vehicleId,
  report_id: (random) => `r-${random.index(1_000_000)}`,
  decision_id: (random) => `d-${random.index(1_000_000)}`,
  types: (random) => random.pick(['TelemetryReported', 'TelemetryQuarantined', 'TimeTicked', 'LogGapFound']),
  signals: (random) => random.pick(['speed_kmh', 'odometer_km', 'Vehicle.Speed', 'nothing']),
  projection: (random) => random.pick(['status', 'samples', 'registration', 'nothing']),
  page_token: (random) => random.pick(['', 'e30', 'WyJmdXp6LTEiXQ']),
  vin: () => '1M8GDM9AXKP042788',
  clock_text: () => '90/02/2032 12:08:07',
  file_by_filename: () => 'odograph/history/v1/event_log.proto',
  service: (random) => random.pick(['', 'odograph.history.v1.EventLog', 'nothing']),
};

/** Numbers that are likely right, by the names of fields. */
const PLAIN_NUMBERS: Readonly<Record<string, (random: Random) => number>> = {
  observed_at_ms: (random) => SOME_TIME_MS + random.index(30 * DAY_MS),
  from_ms: (random) => random.pick([0, SOME_TIME_MS]),
  to_ms: (random) => random.pick([0, SOME_TIME_MS + DAY_MS]),
  page_size: (random) => random.index(1_001),
  partition: (random) => random.index(DEFAULT_PARTITIONS),
  partitions: (random) => random.index(DEFAULT_PARTITIONS),
};

export function plainText({ name }: DescField, random: Random): string {
  return PLAIN_TEXTS[name]?.(random) ?? random.pick(['', 'a', 'fleet-1', 'a longer text']);
}

export function plainNumber({ name }: DescField, random: Random): number {
  return PLAIN_NUMBERS[name]?.(random) ?? random.index(100);
}

const utf8 = (text: string) => Buffer.from(text);

/** Texts that mean something to a language, a database or a terminal, and bytes that are not UTF-8. */
const HOSTILE_TEXTS: readonly [Buffer, ...Buffer[]] = [
  // A lone surrogate, half of a character, and bytes that UTF-8 never has.
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf0, 0x9f]),
  Buffer.from([0xff, 0xfe, 0x00]),
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'].map(utf8),
  ...['$where', '$gt', '{"$ne":null}', 'a.b.$', '$', '.', '..', 'log.>', 'EVENTS-*', '*'].map(utf8),
  ...['\0', '\x1b[2J\x1b]0;x\x07', '\r\n', '\u202e\u2066', '\ufeff', '😀', 'e\u0301'.repeat(200)].map(utf8),
  ...['', ' ', 'null', 'NaN', '-0', '1e999', '0'.repeat(400), '%n%s', "';--", '{{7*7}}'].map(utf8),
];

export function hostileText(random: Random): Uint8Array {
  if (random.chance(0.9)) return random.pick(HOSTILE_TEXTS);
  return Buffer.alloc(random.pick([65, 129, 1_000, 60_000]), random.pick(['a', '\u0301', '\0', '/']));
}

const BIG: readonly [bigint, ...bigint[]] = [0n, 1n, 31n, 32n, 53n, 62n, 63n].flatMap((bits) => [
  ...[2n ** bits - 1n, 2n ** bits, -(2n ** bits)],
]) as [bigint, ...bigint[]];

/** At the edges of 32 bits, of what JavaScript counts exactly, and of 64 bits; and of the times of a day. */
export function hostileInteger(random: Random): bigint {
  return random.chance(0.9)
    ? random.pick(BIG)
    : BigInt(random.pick([8.64e15, 8.64e15 + 1, -62_135_596_800_000]));
}

export function hostileDouble(random: Random): number {
  const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: none, MAX_VALUE, MIN_VALUE, MAX_SAFE_INTEGER } = Number;
  return random.pick([
    none,
    POSITIVE_INFINITY,
    NEGATIVE_INFINITY,
    MAX_VALUE,
    MIN_VALUE,
    -0,
    MAX_SAFE_INTEGER + 2,
  ]);
}
