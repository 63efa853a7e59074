import { recordedTime, reportOf, type Source } from '../source.ts';
import { readCsv, requireColumns } from './csv.ts';
import type { Line } from './lines.ts';

/** The unit of the column `speed`: the recordings of 2016 and 2017 have metres per second, those of 2015 miles per hour. */
export type SpeedUnit = 'ms' | 'mph';

const KMH_PER: Readonly<Record<SpeedUnit, number>> = { ms: 3.6, mph: 1.609344 };
const COLUMNS = ['vehicle_id', 'timestamp', 'speed', 'latitude', 'longitude'];

/**
 * Vehicle positions of a bus fleet as the CapMetrics project recorded them (github.com/scascketta/CapMetrics).
 * Speeds that mean "not available" are passed on: ingest decides which values are believable.
 */
export function readCapmetro(lines: AsyncIterable<Line>, speedUnit: SpeedUnit = 'ms'): Source {
  return readCsv(lines, (columns) => {
    requireColumns('capmetro', columns, COLUMNS);
    return (cells) =>
      reportOf(cells.required('vehicle_id'), recordedTime(cells.required('timestamp')), {
        speed_kmh: toKmh(cells.number('speed'), speedUnit),
        latitude_deg: cells.number('latitude'),
        longitude_deg: cells.number('longitude'),
        // VSS has no names for these: they go below an overlay branch.
        'Vehicle.Overlay.Transit.RouteId': cells.text('route_id'),
        'Vehicle.Overlay.Transit.TripId': cells.text('trip_id'),
        'Vehicle.Overlay.Transit.TripHeadsign': cells.text('trip_headsign'),
      });
  });
}

/** Rounded to a millionth, so that 255 mph is 410.38272 km/h in either unit. */
function toKmh(speed: number | undefined, unit: SpeedUnit): number | undefined {
  return speed === undefined ? undefined : Math.round(speed * KMH_PER[unit] * 1e6) / 1e6;
}
