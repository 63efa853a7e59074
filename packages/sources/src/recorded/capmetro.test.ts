import { describe, expect, it } from 'vitest';
import { readCapmetro, type SpeedUnit } from './capmetro.ts';
import { textLines } from './text-lines.fixture.ts';

const HEADER = 'vehicle_id,timestamp,speed,route_id,trip_id,latitude,longitude,trip_headsign';

async function rowsOf(rows: readonly string[], unit?: SpeedUnit, header = HEADER) {
  return Array.fromAsync(readCapmetro(textLines([header, ...rows]), unit));
}

const text = (value: string) => ({ kind: { $case: 'text', value } });

describe('a row of the bus fleet', () => {
  it('is a report named by the vehicle and the observed time in UTC', async () => {
    const rows = await rowsOf([
      '2509,2017-03-21T00:00:04-05:00,7.59968,383,1730754,30.47216,-97.8018,383-Research-NB',
    ]);
    expect(rows).toEqual([
      {
        row: 2,
        report: {
          vehicleId: '2509',
          reportId: '2509@2017-03-21T05:00:04.000Z',
          samples: [
            {
              observedAtMs: Date.parse('2017-03-21T05:00:04Z'),
              signals: {
                speedKmh: 27.358848,
                latitudeDeg: 30.47216,
                longitudeDeg: -97.8018,
                others: {
                  'Vehicle.Overlay.Transit.RouteId': text('383'),
                  'Vehicle.Overlay.Transit.TripId': text('1730754'),
                  'Vehicle.Overlay.Transit.TripHeadsign': text('383-Research-NB'),
                },
              },
            },
          ],
        },
      },
    ]);
  });

  it.each([
    ['ms', '113.9952'],
    ['mph', '255'],
  ] as const)('passes on a sentinel speed (%s) with its position', async (unit, speed) => {
    const [row] = await rowsOf([`2023,2017-03-21T10:07:26-05:00,${speed},,,30.2,-97.7,`], unit);
    expect(row).toMatchObject({
      report: {
        samples: [{ signals: { speedKmh: 410.38272, latitudeDeg: 30.2, longitudeDeg: -97.7, others: {} } }],
      },
    });
  });

  it('leaves an empty cell absent, not zero', async () => {
    const [row] = await rowsOf(['7,2017-03-21T10:07:26Z,,,,30.2,-97.7,']);
    expect(row).toMatchObject({ report: { samples: [{ signals: { speedKmh: undefined, others: {} } }] } });
  });

  it.each(['2017-02-30T00:00:00Z', '2017-03-21T25:00:00Z', '2017-03-21T10:07:26', 'yesterday'])(
    'is sent with the text of the clock if that is not a valid time: %s',
    async (said) => {
      const [row] = await rowsOf([`7,${said},1,,,30.2,-97.7,`]);
      expect(row).toMatchObject({
        report: { reportId: `7@${said}`, samples: [{ observedAtMs: 0, clockText: said }] },
      });
    },
  );

  it('that is unreadable is returned with its line and every fault, and does not affect the others', async () => {
    const good = '7,2017-03-21T10:07:26Z,1,,,30.2,-97.7,"Oak Hill, ""North"""';
    const rows = await rowsOf([
      good,
      '8,2017-03-21T10:07:26Z,fast,,,NaN,-97.7,',
      '9,2017-03-21T10:07:26Z,1',
      ',,1,,,30.2,-97.7,',
      '9,2017-03-21T10:07:26Z,1,,,30.2,-97.7,"never closed',
      good,
    ]);
    expect(rows.map((row) => ('unreadable' in row ? [row.row, row.unreadable] : row.row))).toEqual([
      2,
      [3, 'speed must be a number, found "fast"; latitude must be a number, found "NaN"'],
      [4, 'found 3 cells, the header names 8'],
      [5, 'vehicle_id is empty; timestamp is empty'],
      [6, 'the quotes do not match (CSV_QUOTE_NOT_CLOSED)'],
      7,
    ]);
    expect(rows[0]).toMatchObject({
      report: {
        samples: [
          { signals: { others: { 'Vehicle.Overlay.Transit.TripHeadsign': text('Oak Hill, "North"') } } },
        ],
      },
    });
  });

  it('may be in a file with columns that have no name', async () => {
    const [row] = await rowsOf(['7,2017-03-21T10:07:26Z,1,,,30.2,-97.7,,,'], 'ms', `${HEADER},,`);
    expect(row).toMatchObject({ report: { vehicleId: '7' } });
  });

  it.each([
    ['vehicle_id,speed', 'not a capmetro file: it has no column timestamp, latitude, longitude'],
    ['"never closed', 'the first line must name the columns: the quotes do not match (CSV_QUOTE_NOT_CLOSED)'],
    ['', 'the file is empty: its first line must name the columns'],
    [`${HEADER}, speed`, 'column "speed" is there twice: remove or rename one of them'],
  ])('needs a file of its format: %j', async (header, message) => {
    await expect(rowsOf([], 'ms', header)).rejects.toMatchObject({ code: 'INVALID_INPUT', message });
  });
});
