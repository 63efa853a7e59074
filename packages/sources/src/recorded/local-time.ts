import { Fault } from '@odograph/kernel/fault';
import { IANAZone } from 'luxon';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Turns a local time (milliseconds since 1970 by its own clock) into an instant; undefined where the zone never showed it. */
export type ZoneClock = (localMs: number) => number | undefined;

/**
 * The clock of a time zone of the IANA database, such as `Africa/Casablanca`, which moves around Ramadan.
 * Set back, it shows an hour twice: the earlier instant is taken, whatever the rows around it say, so that the order of
 * rows decides nothing. Set forward, it skips an hour: a time within it is no time.
 */
export function zoneClock(name: string): ZoneClock {
  if (!IANAZone.isValidZone(name)) {
    throw new Fault(
      'INVALID_INPUT',
      `there is no time zone ${JSON.stringify(name)}: name one as Africa/Casablanca`,
    );
  }
  const zone = IANAZone.create(name);
  return (localMs) => {
    const around = new Set([zone.offset(localMs - DAY_MS), zone.offset(localMs + DAY_MS)]);
    const instants = [...around]
      .map((offsetMin) => ({ atMs: localMs - offsetMin * MINUTE_MS, offsetMin }))
      .filter(({ atMs, offsetMin }) => zone.offset(atMs) === offsetMin)
      .map(({ atMs }) => atMs);
    return instants.length === 0 ? undefined : Math.min(...instants);
  };
}
