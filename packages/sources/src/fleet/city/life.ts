import type { Road } from './city.ts';
import { fastestWay } from './route.ts';
import { batteryShare, fuelShare, move, type Vehicle } from './vehicle.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** How often a vehicle reports. */
const EVERY_MS = { driving: 5_000, charging: 20_000, refuelling: 20_000, standing: 60_000 } as const;

const ACCELERATION_MS2 = 1.6;
const BRAKING_MS2 = 2;
const CRAWL_MS = 1;
const TURN_MS = 25 / 3.6;
const TURN_DEG = 45;
const LIGHTS_ARE_RED = 0.3;

const LOW_BATTERY = 0.25;
const LOW_FUEL = 0.12;
const HOUR_MS = 3_600_000;

/** Yields whenever the vehicle reports; its state is then what it measures. */
type Moments = Generator<void, void>;

/** It is towed to the end of its first trip, so that a fleet has something to notice in its first minute. */
const TOWED = 'sim-013';

/** Trips, and between them charging, refuelling and standing, without end. */
export function* live(vehicle: Vehicle): Generator<void, never> {
  if (vehicle.profile.vehicleId === TOWED) {
    yield* drive(vehicle, vehicle.random.index(vehicle.city.junctions.length), { isTowed: true });
    yield* rest(vehicle);
  } else if (vehicle.random.chance(0.4)) yield* rest(vehicle);
  for (;;) {
    yield* drive(vehicle, vehicle.random.index(vehicle.city.junctions.length));
    yield* rest(vehicle);
  }
}

function* drive(vehicle: Vehicle, to: number, { isTowed = false } = {}): Moments {
  const way = fastestWay(vehicle.city, vehicle.junction, to);
  vehicle.isOn = !isTowed;
  const isDue = every(EVERY_MS.driving, vehicle);
  for (const [at, road] of way.entries()) {
    const stops = at === way.length - 1 || (road.hasLights && vehicle.random.chance(LIGHTS_ARE_RED));
    const endMs = stops ? 0 : speedIntoMs(road, way[at + 1]);
    enter(vehicle, road);
    while (vehicle.alongM < road.lengthM) {
      roll(vehicle, road, endMs);
      if (isDue()) yield;
    }
    if (stops) yield* waitAtLights(vehicle, vehicle.random.between(4, 25), isDue);
  }
  Object.assign(vehicle, { isOn: false, road: undefined, alongM: 0, junction: to });
}

function enter(vehicle: Vehicle, road: Road): void {
  vehicle.alongM = Math.max(0, vehicle.alongM - (vehicle.road?.lengthM ?? 0));
  vehicle.road = road;
  vehicle.junction = road.from;
  vehicle.headingDeg = road.headingDeg;
}

/** The speed at which a road is left for the next. */
function speedIntoMs(road: Road, next: Road | undefined): number {
  if (next === undefined) return 0;
  const turnDeg = Math.abs(((next.headingDeg - road.headingDeg + 540) % 360) - 180);
  return turnDeg > TURN_DEG ? TURN_MS : next.limitKmh / 3.6;
}

/** One second along a road: accelerates to the preferred speed, brakes in time for the end of the road. */
function roll(vehicle: Vehicle, road: Road, endMs: number): void {
  const leftM = Math.max(0, road.lengthM - vehicle.alongM);
  const preferredMs = (road.limitKmh / 3.6) * vehicle.profile.haste;
  const brakingMs = Math.sqrt(endMs ** 2 + 2 * BRAKING_MS2 * leftM);
  const speedMs = Math.max(
    CRAWL_MS,
    Math.min(vehicle.speedKmh / 3.6 + ACCELERATION_MS2, preferredMs, brakingMs),
  );
  vehicle.speedKmh = speedMs * 3.6;
  vehicle.nowMs += SECOND_MS;
  move(vehicle, speedMs);
}

function* waitAtLights(vehicle: Vehicle, seconds: number, isDue: () => boolean): Moments {
  vehicle.speedKmh = 0;
  for (let second = 0; second < seconds; second += 1) {
    vehicle.nowMs += SECOND_MS;
    if (isDue()) yield;
  }
}

function* rest(vehicle: Vehicle): Moments {
  vehicle.speedKmh = 0;
  // Switching off takes a second, so that no two reports have the same time.
  vehicle.nowMs += SECOND_MS;
  vehicle.isLocked = !vehicle.random.chance(0.08);
  const hasBattery = vehicle.profile.batteryKwh > 0;
  if (hasBattery && (batteryShare(vehicle) < LOW_BATTERY || vehicle.random.chance(0.2)))
    yield* charge(vehicle);
  else if (vehicle.profile.tankL > 0 && fuelShare(vehicle) < LOW_FUEL) yield* refuel(vehicle);
  else yield* stand(vehicle);
  vehicle.isLocked = true;
}

function* charge(vehicle: Vehicle): Moments {
  const { profile, random } = vehicle;
  const powerKw = profile.drive === 'hybrid' ? 7.4 : random.pick([11, 22, 50, 50]);
  const fullKwh = profile.batteryKwh * random.between(0.8, 0.98);
  const untilMs = vehicle.nowMs + random.between(5, 40) * MINUTE_MS;
  vehicle.isCharging = true;
  yield;
  while (vehicle.batteryKwh < fullKwh && vehicle.nowMs < untilMs) {
    vehicle.nowMs += EVERY_MS.charging;
    vehicle.batteryKwh = Math.min(fullKwh, vehicle.batteryKwh + powerKw * (EVERY_MS.charging / HOUR_MS));
    yield;
  }
  vehicle.isCharging = false;
}

function* refuel(vehicle: Vehicle): Moments {
  const litresAStep = vehicle.profile.tankL / 9;
  while (fuelShare(vehicle) < 0.95) {
    vehicle.nowMs += EVERY_MS.refuelling;
    vehicle.fuelL = Math.min(vehicle.profile.tankL * 0.97, vehicle.fuelL + litresAStep);
    yield;
  }
}

function* stand(vehicle: Vehicle): Moments {
  const untilMs = vehicle.nowMs + vehicle.random.between(2, 12) * MINUTE_MS;
  yield;
  while (vehicle.nowMs < untilMs) {
    vehicle.nowMs += EVERY_MS.standing;
    yield;
  }
}

/** True at once, and then once a period of the vehicle's time. */
function every(periodMs: number, vehicle: Vehicle): () => boolean {
  let dueMs = vehicle.nowMs;
  return () => {
    if (vehicle.nowMs < dueMs) return false;
    dueMs += periodMs;
    return true;
  };
}
