import { createRandom, seedOf } from '@odograph/kernel/random';
import { reportOf } from '../../source.ts';
import type { Track } from '../track.ts';
import { type City, createCity } from './city.ts';
import type { CityOptions } from './city-options.ts';
import { live } from './life.ts';
import { bySentTime, createModem, type Transmission } from './modem.ts';
import { type Observation, observe } from './observation.ts';
import { cityProfiles, type Profile } from './profile.ts';
import { createVehicle } from './vehicle.ts';

/** A mixed fleet in a made-up city: trips, charging, standing, tunnels that delay reports, sensors that sometimes fail. */
export function createCityTracks(options: CityOptions): readonly Track[] {
  const { seed, vehicles } = options;
  const city = createCity(seed);
  return cityProfiles(seed, vehicles).map((profile, at) =>
    createCityTrack(profile, city, { ...options, seed: seedOf(seed, -2 - at) }),
  );
}

function createCityTrack(profile: Profile, city: City, options: CityOptions): Track {
  const { vehicleId, vin } = profile;
  const vehicle = createVehicle(profile, city, createRandom(options.seed), options);
  const transmit = createModem(createRandom(seedOf(options.seed, 1)));
  const random = createRandom(seedOf(options.seed, 2));
  const moments = live(vehicle);
  const sending: Transmission[] = [];
  let seen = nextMoment();

  function nextMoment(): Observation {
    moments.next();
    return observe(vehicle);
  }

  /** A report is the next one when it is sent before anything else is observed. */
  function upcoming(): Transmission {
    for (;;) {
      const [first] = sending;
      if (first && first.sentMs <= seen.atMs) return first;
      sending.push(...transmit(seen));
      sending.sort(bySentTime);
      seen = nextMoment();
    }
  }

  return {
    vehicleId,
    random,
    nextSentMs: () => upcoming().sentMs,
    next(select) {
      const { observation, fault } = upcoming();
      sending.shift();
      const signals = select(observation.readings, () => observation.location, random);
      const report = reportOf(vehicleId, { atMs: observation.atMs }, { ...signals, ...fault });
      return { report: vin === undefined ? report : { ...report, vin }, hasSensorFault: fault !== undefined };
    },
  };
}
