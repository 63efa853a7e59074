import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { KNOWN_SIGNALS, type KnownSignalName } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeReport } from './decode-report.ts';

const RECEIVED_AT_MS = Date.UTC(2026, 2, 1);

const bytesOf = (signals: object, over: object = {}) =>
  VehicleReport.encode(
    VehicleReport.fromPartial({
      vehicleId: 'bus-7',
      reportId: 'r-1',
      samples: [{ observedAtMs: RECEIVED_AT_MS, signals, ...over }],
    }),
  ).finish();

function findingOf(bytes: Uint8Array): string {
  const decoded = decodeReport(bytes);
  return decoded.isDecoded ? 'none' : `${decoded.finding.field} ${decoded.finding.reason}`;
}

test('a decoded report has the names of the domain', () => {
  const others = { 'Vehicle.OBD.Load': { kind: { $case: 'number' as const, value: 3 } } };
  expect(decodeReport(bytesOf({ speedKmh: 50, doorsLocked: false, others }))).toMatchObject({
    isDecoded: true,
    report: {
      vehicleId: 'bus-7',
      reportId: 'r-1',
      samples: [
        {
          observedAtMs: RECEIVED_AT_MS,
          known: { speed_kmh: 50, doors_locked: false },
          others: [{ path: 'Vehicle.OBD.Load', value: 3 }],
        },
      ],
    },
  });
});

test('every known signal is decoded under its name', () => {
  for (const [name, { kind }] of Object.entries(KNOWN_SIGNALS)) {
    const field = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const decoded = decodeReport(bytesOf({ [field]: kind === 'number' ? 1 : true }));
    const known = decoded.isDecoded ? decoded.report.samples[0]?.known : {};
    expect(Object.keys(known ?? {})).toEqual([name satisfies string as KnownSignalName]);
  }
});

test('absent is not zero, and zero is not absent', () => {
  const decoded = decodeReport(bytesOf({ speedKmh: 0, charging: false }));
  expect(decoded).toMatchObject({ report: { samples: [{ known: { speed_kmh: 0, charging: false } }] } });
});

test('an empty clock text counts as none', () => {
  const decoded = decodeReport(bytesOf({ speedKmh: 0 }, { clockText: '' }));
  expect(decoded.isDecoded && decoded.report.samples[0]?.clockText).toBeUndefined();
});

test('a signal with the name __proto__ is decoded, so that it can be refused', () => {
  const value = new BinaryWriter().uint32(9).double(1).finish();
  const entry = new BinaryWriter().uint32(10).string('__proto__').uint32(18).bytes(value).finish();
  const signals = new BinaryWriter().uint32(122).bytes(entry).finish();
  const sample = new BinaryWriter().uint32(18).bytes(signals).finish();
  const decoded = decodeReport(new BinaryWriter().uint32(26).bytes(sample).finish());
  expect(decoded).toMatchObject({ report: { samples: [{ others: [{ path: '__proto__' }] }] } });
});

test.each([
  ['a length past the end', Uint8Array.of(0x0a, 99, 1)],
  ['a group that never began', Uint8Array.of(0x0c, 1, 2)],
  ['field 0', Uint8Array.of(0, 0, 0)],
  ['text that is not UTF-8', Uint8Array.of(0x0a, 2, 0xff, 0xfe)],
])('%s is WRONG_BYTES', (_, bytes) => {
  expect(findingOf(bytes)).toBe(' WRONG_BYTES');
});

test('a time in nanoseconds is NOT_MILLISECONDS', () => {
  const sample = new BinaryWriter()
    .uint32(8)
    .int64(BigInt(RECEIVED_AT_MS) * 1_000_000n)
    .finish();
  expect(findingOf(new BinaryWriter().uint32(26).bytes(sample).finish())).toBe(
    'samples[0].observed_at_ms NOT_MILLISECONDS',
  );
});

test('a report over 256 KiB is refused before it is decoded', () => {
  expect(findingOf(new Uint8Array(256 * 1024 + 1))).toBe(' REPORT_TOO_LARGE');
});

test('property: any bytes give a report or a finding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(typeof decodeReport(bytes).isDecoded).toBe('boolean');
    }),
  );
});

test('property: a report with one changed byte gives a report or a finding', () => {
  const bytes = bytesOf({ speedKmh: 50, latitudeDeg: 1, others: { 'Vehicle.X': { kind: undefined } } });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Uint8Array.from(bytes);
      changed[at] = byte;
      expect(typeof decodeReport(changed).isDecoded).toBe('boolean');
    }),
  );
});
