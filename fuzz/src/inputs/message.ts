import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { DEFAULT_PARTITIONS } from '@odograph/kernel/defaults';
import type { Random } from '@odograph/kernel/random';

/** The middle of the times that inputs use, in Unix milliseconds: a constant, so that an input is the same on every day. */
export const SOME_TIME_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;

/** The vehicles that inputs write and read. */
export const vehicleId = ({ index }: Random): string => `fuzz-${index(50)}`;

/** Values that a service can take, by the names of fields. */
const LIKELY: Readonly<Record<string, (random: Random) => string | number>> = {
  vehicle_id: vehicleId,
  subject: vehicleId,
  report_id: ({ index }) => `r-${index(1e6)}`,
  decision_id: ({ index }) => `d-${index(1e6)}`,
  types: ({ pick }) => pick(['TelemetryReported', 'TelemetryQuarantined', 'TimeTicked', 'LogGapFound']),
  signals: ({ pick }) => pick(['speed_kmh', 'odometer_km', 'Vehicle.Speed', 'nothing']),
  projection: ({ pick }) => pick(['status', 'samples', 'registration', 'nothing']),
  page_token: ({ pick }) => pick(['', 'e30', 'WyJmdXp6LTEiXQ']),
  vin: () => '1M8GDM9AXKP042788',
  clock_text: () => '90/02/2032 12:08:07',
  file_by_filename: () => 'odograph/history/v1/event_log.proto',
  service: ({ pick }) => pick(['', 'odograph.history.v1.EventLog', 'nothing']),
  observed_at_ms: ({ index }) => SOME_TIME_MS + index(30 * DAY_MS),
  from_ms: ({ pick }) => pick([0, SOME_TIME_MS]),
  to_ms: ({ pick }) => pick([0, SOME_TIME_MS + DAY_MS]),
  page_size: ({ index }) => index(1_001),
  partition: ({ index }) => index(DEFAULT_PARTITIONS),
  partitions: ({ index }) => index(DEFAULT_PARTITIONS),
};

/** Texts that mean something to a language, a database or a terminal, long ones, and bytes that are not UTF-8. */
const HOSTILE_TEXTS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'],
  ...['$where', '$gt', '{"$ne":null}', 'a.b.$', '$', '.', '..', 'log.>', 'EVENTS-*', '*'],
  ...['\0', '\x1b[2J\x1b]0;x\x07', '\r\n', '\u202e\u2066', '\ufeff', '😀', 'e\u0301'.repeat(200)],
  ...['', ' ', 'null', 'NaN', '-0', '1e999', '0'.repeat(400), '%n%s', "';--", '{{7*7}}'],
  ...['a'.repeat(65), '/'.repeat(129), '\u0301'.repeat(1_000), 'a'.repeat(60_000)],
  // A lone surrogate, half of a character, and bytes that UTF-8 never has.
  ...[Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xf0, 0x9f]), Buffer.from([0xff, 0xfe, 0x00])],
].map((text) => Buffer.from(text)) as [Buffer, ...Buffer[]];

/** At the edges of 32 bits, of what JavaScript counts exactly, of 64 bits, and of the times of a day. */
const HOSTILE_INTEGERS = [
  ...[0n, 1n, 31n, 32n, 53n, 62n, 63n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, -(2n ** bits)]),
  ...[8_640_000_000_000_000n, 8_640_000_000_000_001n, -62_135_596_800_000n],
] as [bigint, ...bigint[]];

const { POSITIVE_INFINITY, NEGATIVE_INFINITY, MAX_VALUE, MIN_VALUE, MAX_SAFE_INTEGER } = Number;
const HOSTILE_DOUBLES = [
  ...[Number.NaN, POSITIVE_INFINITY, NEGATIVE_INFINITY, MAX_VALUE, MIN_VALUE, -0, MAX_SAFE_INTEGER + 2],
] as [number, ...number[]];

export interface Drawing {
  readonly random: Random;
  /** The probability that a value is a hostile one. */
  readonly hostility: number;
}

const LEFT_OUT = 0.25;
/** Messages may contain themselves. */
const MAX_DEPTH = 6;

/** A message of a type, as bytes: what a field may hold by its type, likely or hostile. */
export function drawMessage(type: DescMessage, drawing: Drawing, depth = 0): Uint8Array {
  const { random } = drawing;
  const fields = type.fields.filter(() => depth < MAX_DEPTH && !random.chance(LEFT_OUT));
  return Buffer.concat(
    fields.flatMap((field) => {
      const count = isRepeated(field) ? random.pick([1, 1, 2, 5]) : 1;
      return Array.from({ length: count }, () => drawElement(field, drawing, depth));
    }),
  );
}

const isRepeated = ({ fieldKind }: DescField) => fieldKind === 'list' || fieldKind === 'map';
export const repeatedFields = (type: DescMessage): readonly DescField[] => type.fields.filter(isRepeated);

/** Many elements of one repeated field, up to a size in bytes. */
export function drawRepeated(field: DescField, drawing: Drawing, bytes: number): Uint8Array {
  const one = drawElement(field, drawing, 0);
  const many = Buffer.alloc(Math.floor(bytes / one.length) * one.length, one);
  // With another element at the end: then code that looks for one value does not end at the first.
  return Buffer.concat([many, drawElement(field, drawing, 0)]);
}

/** One element of a field with its tag. */
function drawElement(field: DescField, drawing: Drawing, depth: number): Uint8Array {
  if (field.fieldKind !== 'map') return drawValue(field, field.number, drawing, depth);
  const key = drawScalar(field, ScalarType.STRING, 1, drawing);
  return delimited(field.number, Buffer.concat([key, drawValue(field, 2, drawing, depth)]));
}

function drawValue(field: DescField, number: number, drawing: Drawing, depth: number): Uint8Array {
  if (field.message) return delimited(number, drawMessage(field.message, drawing, depth + 1));
  return drawScalar(field, field.scalar ?? ScalarType.INT32, number, drawing);
}

function drawScalar(
  { name }: DescField,
  type: ScalarType,
  number: number,
  { random, hostility }: Drawing,
): Uint8Array {
  const isHostile = random.chance(hostility);
  const likely = LIKELY[name]?.(random);
  if (type === ScalarType.STRING || type === ScalarType.BYTES) {
    const text = likely ?? random.pick(['', 'a', 'fleet-1', 'a longer text']);
    return delimited(number, isHostile ? random.pick(HOSTILE_TEXTS) : Buffer.from(String(text)));
  }
  const plain = Number(likely ?? random.index(100));
  const writer = new BinaryWriter();
  if (type === ScalarType.DOUBLE) {
    const value = isHostile ? random.pick(HOSTILE_DOUBLES) : plain;
    return writer.tag(number, WireType.Bit64).double(value).finish();
  }
  const value = isHostile ? random.pick(HOSTILE_INTEGERS) : BigInt(plain);
  return writer.tag(number, WireType.Varint).uint64(BigInt.asUintN(64, value)).finish();
}

function delimited(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}
