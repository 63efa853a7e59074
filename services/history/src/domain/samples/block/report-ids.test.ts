import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { createIsoTime } from './iso-time.ts';
import { readReportIds, writeReportIds } from './report-ids.ts';

const TIME_MS = Date.UTC(2021, 3, 22, 7, 42, 50);
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function backFrom(ids: readonly string[], times: readonly number[]): readonly string[] {
  const writer = new ByteWriter();
  writeReportIds(writer, ids, times);
  return readReportIds(new ByteReader(writer.written()), times);
}

describe('a column of report ids', () => {
  test('is read as it was written, with any texts', () => {
    const anyTime = fc.integer({ min: 0, max: LATEST_MS });
    const anyPart = fc.oneof(fc.string(), fc.constantFrom('0', '00', '9', 'Z', '-'), fc.nat().map(String));
    const anyId = fc
      .tuple(fc.array(anyPart, { maxLength: 3 }), fc.boolean(), anyTime)
      .map(([parts, isTimed, timeMs]) => ({
        id: parts.join(isTimed ? new Date(timeMs).toISOString() : ''),
        timeMs,
      }));
    fc.assert(
      fc.property(fc.array(anyId), (all) => {
        const ids = all.map(({ id }) => id);
        expect(
          backFrom(
            ids,
            all.map(({ timeMs }) => timeMs),
          ),
        ).toEqual(ids);
      }),
    );
  });

  test.each([
    ['the number is at another place', ['a1b', 'ab1', '1ab']],
    ['the number has leading zeros', ['a007', 'a7', 'a07', 'a0', 'a00', 'a000']],
    [
      'the number has too many digits',
      [`a${'9'.repeat(40)}`, `a${'0'.repeat(40)}`, '9'.repeat(15), '9'.repeat(16)],
    ],
    [
      'the time is that of another sample',
      [new Date(TIME_MS + 1000).toISOString(), new Date(TIME_MS).toISOString()],
    ],
  ])('keeps ids different if %s', (_, ids) => {
    expect(
      backFrom(
        ids,
        ids.map(() => TIME_MS),
      ),
    ).toEqual(ids);
  });
});

describe('ISO times', () => {
  test('are the same as those of Date.toISOString', () => {
    const anyTime = fc.oneof(
      fc.integer({ min: 0, max: LATEST_MS }),
      fc.integer({ min: -2000, max: 2000 }).map((offsetMs) => Date.UTC(2024, 2, 1) + offsetMs),
      fc.constantFrom(0, LATEST_MS),
    );
    fc.assert(
      fc.property(fc.array(anyTime), (times) => {
        expect(times.map(createIsoTime())).toEqual(times.map((timeMs) => new Date(timeMs).toISOString()));
      }),
    );
  });
});
