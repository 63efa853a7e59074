import { describe, expect, it } from 'vitest';
import { textLines } from './text-lines.fixture.ts';
import { readTwizy, type TwizyOptions } from './twizy.ts';

const CLEANED =
  'drive,local_time,soc_pct,speed_kmh,mode,lat,lon,alt_m,gps_speed_kmh,ambient_c,humidity_pct,weather,wind_ms,traffic,speed_limit_kmh';
const RAW =
  'drive,Date,Time,Soc,Speed,Mode,LAT,LON,ALT,GpsSpeed,Temperature,Humidity,Weather,WindSpeedAv,Traffic,SpeedLimit';

async function rowsOf(header: string, rows: readonly string[], options?: TwizyOptions) {
  return Array.fromAsync(readTwizy(textLines([header, ...rows]), options));
}

const number = (value: number) => ({ kind: { $case: 'number', value } });
const text = (value: string) => ({ kind: { $case: 'text', value } });

describe('a row of the electric drives', () => {
  const cleaned =
    'T1_06_30_2021_2,2021-06-30T10:32:44,61.26,30.63,D,0,-6.858635,36,21.2054,21.7,77,Clouds,1.54,2,60';
  const raw =
    'T1_06_30_2021_2,06/30/2021,10:32:44,61.260000,30.630000,D,0.000000,-6.858635,36.000000,21.205400,21.700000,77.000000,Clouds,1.540000,2,60.000000';

  it('carries every column, a bad fix too', async () => {
    expect(await rowsOf(CLEANED, [cleaned])).toEqual([
      {
        row: 2,
        report: {
          vehicleId: 'twizy',
          reportId: 'twizy@2021-06-30T09:32:44.000Z',
          samples: [
            {
              observedAtMs: Date.parse('2021-06-30T09:32:44Z'),
              signals: {
                batteryLevelPct: 61.26,
                speedKmh: 30.63,
                latitudeDeg: 0,
                longitudeDeg: -6.858635,
                altitudeM: 36,
                ambientTemperatureC: 21.7,
                ambientHumidityPct: 77,
                others: {
                  'Vehicle.Powertrain.Transmission.SelectedGear': number(127),
                  'Vehicle.Overlay.Gnss.Speed': number(21.2054),
                  'Vehicle.Overlay.Road.SpeedLimit': number(60),
                  'Vehicle.Overlay.Road.TrafficLevel': number(2),
                  'Vehicle.Overlay.Weather.Condition': text('Clouds'),
                  'Vehicle.Overlay.Weather.WindSpeed': number(1.54),
                  'Vehicle.Overlay.Recording.Drive': text('T1_06_30_2021_2'),
                },
              },
            },
          ],
        },
      },
    ]);
  });

  it('is the same report in the original form, with its month first and trailing zeros', async () => {
    expect(await rowsOf(RAW, [raw])).toEqual(await rowsOf(CLEANED, [cleaned]));
    const padded = raw.replace('06/30/2021', '6/30/2021');
    expect(await rowsOf(RAW, [padded])).toEqual(await rowsOf(CLEANED, [cleaned]));
  });

  it.each([
    ['90/02/2032', 'twizy@90/02/2032_10:32:44'],
    ['30/00/2001', 'twizy@30/00/2001_10:32:44'],
    ['30/06/2021', 'twizy@30/06/2021_10:32:44'],
    ['02/29/2021', 'twizy@02/29/2021_10:32:44'],
    ['n/a', 'twizy@n/a_10:32:44'],
  ])('with the impossible date %s is sent as the text of the clock', async (date, reportId) => {
    const [row] = await rowsOf(RAW, [raw.replace('06/30/2021', date)]);
    expect(row).toMatchObject({
      report: { reportId, samples: [{ observedAtMs: 0, clockText: `${date} 10:32:44` }] },
    });
  });

  it('at a local time that the zone skipped is sent as the text of the clock', async () => {
    const [row] = await rowsOf(CLEANED, [cleaned.replace('2021-06-30T10:32:44', '2021-05-16T02:30:00')]);
    expect(row).toMatchObject({
      report: {
        reportId: 'twizy@2021-05-16T02:30:00',
        samples: [{ observedAtMs: 0, clockText: '2021-05-16T02:30:00' }],
      },
    });
  });

  it.each([
    ['N', 0],
    ['R', -1],
  ])('has the gear %s by its number', async (mode, gear) => {
    const [row] = await rowsOf(CLEANED, [cleaned.replace(',D,', `,${mode},`)]);
    expect(row).toMatchObject({
      report: {
        samples: [{ signals: { others: { 'Vehicle.Powertrain.Transmission.SelectedGear': number(gear) } } }],
      },
    });
  });

  it('of an unknown gear cannot be read', async () => {
    expect(await rowsOf(CLEANED, [cleaned.replace(',D,', ',X,')])).toEqual([
      { row: 2, unreadable: 'mode must be one of N, D, R, found "X"' },
    ]);
  });

  it('has the given vehicle and zone', async () => {
    const [row] = await rowsOf(CLEANED, [cleaned], { vehicleId: 'ev:7', timeZone: 'UTC' });
    expect(row).toMatchObject({
      report: { vehicleId: 'ev:7', reportId: 'ev:7@2021-06-30T10:32:44.000Z' },
    });
  });

  it('needs a file of its format', async () => {
    await expect(rowsOf('drive,route,start_local', [])).rejects.toThrow(
      'not a twizy file: it has no column soc_pct',
    );
    await expect(rowsOf(`${RAW},drive`, [])).rejects.toThrow('column "drive" is there twice');
  });
});
