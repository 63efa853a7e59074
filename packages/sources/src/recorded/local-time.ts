import { Fault } from '@odograph/kernel/fault';
import { IANAZone } from 'luxon';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Converts a local time (milliseconds since 1970 in local time) to an instant; undefined if the zone skipped it. */
export type ZoneClock = (localMs: number) => number | undefined;

/**
 * The clock of an IANA time zone, such as `Africa/Casablanca`, whose offset changes around Ramadan. Of a local time that
 * occurs twice it takes the earlier instant, so that the result does not depend on the order of rows.
 */
export function zoneClock(name: string): ZoneClock {
  if (!IANAZone.isValidZone(name)) {
    throw new Fault(
      'INVALID_INPUT',
      `unknown time zone ${JSON.stringify(name)}: use an IANA name such as Africa/Casablanca`,
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
