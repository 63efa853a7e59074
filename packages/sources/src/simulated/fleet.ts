import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { createRandom, seedOf } from '@odograph/kernel/random';
import { type City, createCity } from './city.ts';
import type { FleetOptions } from './fleet-options.ts';
import { live } from './life.ts';
import { type Observation, observe } from './observation.ts';
import { createProfile, type Profile } from './profile.ts';
import { createModem, type Transmission } from './transmission.ts';
import { createVehicle } from './vehicle.ts';

/** A simulated fleet. It has no clock: time passes when it is told. */
export interface Fleet {
  readonly profiles: readonly Profile[];
  /**
   * The reports that come out of the vehicles' modems up to a time (Unix, milliseconds), in that order. The steps in
   * which time is told change nothing.
   */
  advance(toMs: number): readonly VehicleReport[];
}

/** A mixed fleet in a made-up city: trips, charging, parking, tunnels that delay reports, now and then a broken sensor. */
export function createFleet(options: FleetOptions): Fleet {
  const { seed, vehicles } = options;
  const city = createCity(seed);
  const profiles = Array.from({ length: vehicles }, (_, at) => createProfile(seed, at + 1));
  const senders = profiles.map((profile, at) => createSender(profile, city, seedOf(seed, -2 - at), options));
  let underWay: Transmission[] = [];
  return {
    profiles,
    advance: (toMs) => {
      const all = [...underWay, ...senders.flatMap((sendUntil) => sendUntil(toMs))];
      underWay = all.filter(({ sentMs }) => sentMs > toMs);
      const due = all.filter(({ sentMs }) => sentMs <= toMs).sort(bySentTime);
      return due.map(({ report }) => report);
    },
  };
}

/** What one vehicle has given its modem up to a time: all that can be sent by then, and perhaps more. */
function createSender(
  profile: Profile,
  city: City,
  seed: number,
  options: FleetOptions,
): (toMs: number) => Transmission[] {
  const random = createRandom(seed);
  const vehicle = createVehicle(profile, city, random, options);
  const transmit = createModem(profile, createRandom(seedOf(seed, 1)));
  const moments = live(vehicle);
  let seen = nextMoment();
  return (toMs) => {
    const sent: Transmission[] = [];
    for (; seen.atMs <= toMs; seen = nextMoment()) sent.push(...transmit(seen));
    return sent;
  };

  function nextMoment(): Observation {
    moments.next();
    return observe(vehicle);
  }
}

function bySentTime(a: Transmission, b: Transmission): number {
  return a.sentMs - b.sentMs || (a.report.reportId < b.report.reportId ? -1 : 1);
}
