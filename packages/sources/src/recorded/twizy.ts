import { localTime, parseLocalTime } from '@odograph/kernel/iso-time';
import { type RecordedSignals, type RecordedTime, reportOf, type Source } from '../source.ts';
import { type Cells, readCsv, requireColumns } from './csv.ts';
import type { Line } from './lines.ts';
import { type ZoneClock, zoneClock } from './local-time.ts';

export interface TwizyOptions {
  /** The files name no vehicle. Default: `twizy`. */
  readonly vehicleId?: string;
  /** The IANA zone of the recorder's clock; the files name no zone. Default: `Africa/Casablanca`. */
  readonly timeZone?: string;
}

/** The columns of a file, and how to read its clock. */
interface Layout {
  readonly columns: Readonly<Record<Column, string>>;
  readonly readClock: (cells: Cells, toInstant: ZoneClock) => RecordedTime;
}

type Column = keyof typeof CLEANED;

const CLEANED = {
  ...{
    batteryLevel: 'soc_pct',
    speed: 'speed_kmh',
    mode: 'mode',
    latitude: 'lat',
    longitude: 'lon',
    altitude: 'alt_m',
  },
  ...{ gpsSpeed: 'gps_speed_kmh', ambient: 'ambient_c', humidity: 'humidity_pct', weather: 'weather' },
  ...{ wind: 'wind_ms', traffic: 'traffic', speedLimit: 'speed_limit_kmh' },
};

const RAW: Readonly<Record<Column, string>> = {
  ...{
    batteryLevel: 'Soc',
    speed: 'Speed',
    mode: 'Mode',
    latitude: 'LAT',
    longitude: 'LON',
    altitude: 'ALT',
  },
  ...{ gpsSpeed: 'GpsSpeed', ambient: 'Temperature', humidity: 'Humidity', weather: 'Weather' },
  ...{ wind: 'WindSpeedAv', traffic: 'Traffic', speedLimit: 'SpeedLimit' },
};

/** VSS Vehicle.Powertrain.Transmission.SelectedGear: 0 is neutral, 127 drive, -1 the first reverse gear. */
const GEARS: Readonly<Record<string, number>> = { N: 0, D: 127, R: -1 };

/**
 * Drives of an electric Renault Twizy around Rabat (RSK Twizy EV dataset, doi 10.1109/ACCESS.2022.3225643), as the
 * original files (`Date` month/day/year and `Time`) or cleaned (`local_time`). Both give the same report for an instant;
 * an impossible date such as 90/02/2032 is sent as the text of the clock.
 */
export function readTwizy(lines: AsyncIterable<Line>, options: TwizyOptions = {}): Source {
  const { vehicleId = 'twizy', timeZone = 'Africa/Casablanca' } = options;
  const toInstant = zoneClock(timeZone);
  return readCsv(lines, (header) => {
    const { columns, readClock } = layoutOf(header);
    return (cells) => reportOf(vehicleId, readClock(cells, toInstant), signalsOf(cells, columns));
  });
}

function layoutOf(header: readonly string[]): Layout {
  const isRaw = header.includes('Date');
  const columns = isRaw ? RAW : CLEANED;
  requireColumns('twizy', header, [
    ...Object.values(columns),
    ...(isRaw ? ['Date', 'Time'] : ['local_time']),
  ]);
  return { columns, readClock: isRaw ? rawClock : cleanedClock };
}

function cleanedClock(cells: Cells, toInstant: ZoneClock): RecordedTime {
  const text = cells.required('local_time');
  return instantOr(text, parseLocalTime(text), toInstant);
}

function rawClock(cells: Cells, toInstant: ZoneClock): RecordedTime {
  const text = `${cells.required('Date')} ${cells.required('Time')}`;
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2})$/.exec(text);
  if (!match) return { clockText: text };
  const [month, day, year, hour, minute, second] = match.slice(1).map(Number) as Six;
  return instantOr(text, localTime({ year, month, day, hour, minute, second }), toInstant);
}

type Six = [number, number, number, number, number, number];

function instantOr(text: string, local: number | undefined, toInstant: ZoneClock): RecordedTime {
  const atMs = local === undefined ? undefined : toInstant(local);
  return atMs === undefined ? { clockText: text } : { atMs };
}

function signalsOf(cells: Cells, columns: Layout['columns']): RecordedSignals {
  return {
    battery_level_pct: cells.number(columns.batteryLevel),
    speed_kmh: cells.number(columns.speed),
    latitude_deg: cells.number(columns.latitude),
    longitude_deg: cells.number(columns.longitude),
    altitude_m: cells.number(columns.altitude),
    ambient_temperature_c: cells.number(columns.ambient),
    ambient_humidity_pct: cells.number(columns.humidity),
    'Vehicle.Powertrain.Transmission.SelectedGear': cells.oneOf(columns.mode, GEARS),
    'Vehicle.Overlay.Gnss.Speed': cells.number(columns.gpsSpeed),
    'Vehicle.Overlay.Road.SpeedLimit': cells.number(columns.speedLimit),
    'Vehicle.Overlay.Road.TrafficLevel': cells.number(columns.traffic),
    'Vehicle.Overlay.Weather.Condition': cells.text(columns.weather),
    'Vehicle.Overlay.Weather.WindSpeed': cells.number(columns.wind),
    'Vehicle.Overlay.Recording.Drive': cells.text('drive'),
  };
}
