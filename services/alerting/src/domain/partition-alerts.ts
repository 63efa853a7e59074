import type { RecordedSample } from '@odograph/projections/recorded-sample';
import type { LaneFact } from './lane-state.ts';
import type { Rule, Scope } from './rule.ts';
import { VehicleRules, type VehicleState } from './vehicle-rules.ts';

/** What rules choose a vehicle by. */
export interface Profile {
  readonly fleet: string;
  readonly tags: readonly string[];
  /** No rule is for a vehicle that is retired. */
  readonly isRetired: boolean;
}

/** Where an event is in the log of its partition. */
export interface LogPlace {
  readonly sequence: number;
  readonly index: number;
}

/** An event of the log, as far as its time and its place are concerned. */
export interface LogEntry extends LogPlace {
  readonly receivedAtMs: number;
}

/** What is known of a vehicle: plain data. */
export interface KnownVehicle {
  profile: Profile;
  state: VehicleState;
  /** By the running time of the log, when it reported last. */
  heardMs: number;
  /** The last event that its state includes: with a state that was stored later than others, the log is read again from before it. */
  includes: LogPlace;
}

/** The clock of a partition. */
export interface LogClock {
  /** The newest time that an event of the log has. */
  nowMs: number;
  /** How long the log has run: time without a tick, in which it stood, does not count. */
  runningMs: number;
}

export interface VehicleFacts {
  readonly vehicleId: string;
  readonly fleet: string;
  readonly facts: readonly LaneFact[];
}

/** What is stored of the alerts of a partition. */
export interface StoredAlerts {
  readonly vehicles: ReadonlyMap<string, KnownVehicle>;
  readonly clock: LogClock;
  readonly rules: readonly Rule[];
}

export const NOTHING_STORED: StoredAlerts = {
  vehicles: new Map(),
  clock: { nowMs: 0, runningMs: 0 },
  rules: [],
};

const TICK_MS = 10_000;
/** A log without an event for longer than two ticks has stood. Of that time, one tick counts. */
const LONGEST_STEP_MS = 2 * TICK_MS;
/** A clock that is farther ahead of ours is wrong: the newest sample of the report is taken for one of now. */
const TOLERATED_SKEW_MS = 10_000;

/** The alerts of all vehicles of a partition. It depends on the events of the partition alone, in their order. */
export class PartitionAlerts {
  readonly vehicles: Map<string, KnownVehicle>;
  readonly clock: LogClock;
  /** The vehicles whose state has changed since the last call of {@link takeChanged}. */
  #changed = new Set<string>();
  #rules: readonly Rule[];
  /** By the ids of the rules. */
  readonly #fitting = new Map<string, VehicleRules>();
  readonly #ofVehicle = new Map<string, VehicleRules>();

  constructor({ vehicles, clock, rules }: StoredAlerts = NOTHING_STORED) {
    this.vehicles = new Map(vehicles);
    this.clock = { ...clock };
    this.#rules = inOrder(rules);
  }

  /** Sets the rules that hold from now on, and says what that means for the alerts. */
  setRules(rules: readonly Rule[], entry: LogEntry): readonly VehicleFacts[] {
    this.advance(entry);
    this.#rules = inOrder(rules);
    this.#fitting.clear();
    this.#ofVehicle.clear();
    return Array.from(this.vehicles, ([vehicleId, vehicle]) => this.#fit(vehicleId, vehicle, entry)).filter(
      isWorthTelling,
    );
  }

  /** A vehicle was registered, updated or retired. */
  register(vehicleId: string, profile: Profile, entry: LogEntry): readonly VehicleFacts[] {
    this.advance(entry);
    const vehicle = this.vehicles.get(vehicleId) ?? this.#add(vehicleId, profile);
    if (includes(vehicle, entry)) return [];
    vehicle.profile = profile;
    this.#ofVehicle.delete(vehicleId);
    return [this.#fit(vehicleId, vehicle, entry)].filter(isWorthTelling);
  }

  /** A vehicle reported. */
  report(vehicleId: string, samples: readonly RecordedSample[], entry: LogEntry): readonly VehicleFacts[] {
    this.advance(entry);
    const vehicle = this.vehicles.get(vehicleId) ?? this.#add(vehicleId, UNREGISTERED);
    if (includes(vehicle, entry)) return [];
    const { profile, state } = vehicle;
    vehicle.heardMs = this.clock.runningMs;
    this.#touch(vehicleId, vehicle, entry);
    const { nowMs } = this.clock;
    const facts = this.#rulesFor(vehicleId, profile).take(state, notAhead(samples, nowMs), nowMs);
    return facts.length === 0 ? NOTHING : [{ vehicleId, fleet: profile.fleet, facts }];
  }

  /** Time has passed. */
  tick(entry: LogEntry): readonly VehicleFacts[] {
    this.advance(entry);
    const { nowMs: atMs, runningMs } = this.clock;
    const told: VehicleFacts[] = [];
    for (const [vehicleId, vehicle] of this.vehicles) {
      if (includes(vehicle, entry)) continue;
      const { profile, state, heardMs } = vehicle;
      const moment = { atMs, silentMs: runningMs - heardMs };
      const { facts, isChanged } = this.#rulesFor(vehicleId, profile).pass(state, moment);
      if (isChanged) this.#touch(vehicleId, vehicle, entry);
      if (facts.length > 0) told.push({ vehicleId, fleet: profile.fleet, facts });
    }
    return told;
  }

  /** An event that concerns no alert: the log goes on. */
  advance({ receivedAtMs }: LogEntry): void {
    const { clock } = this;
    const stepMs = receivedAtMs - clock.nowMs;
    if (stepMs <= 0) return;
    clock.nowMs = receivedAtMs;
    clock.runningMs += stepMs > LONGEST_STEP_MS ? TICK_MS : stepMs;
  }

  /** The vehicles whose state has changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** These have changed, although they were taken. */
  giveBack(changed: Iterable<string>): void {
    for (const vehicleId of changed) this.#changed.add(vehicleId);
  }

  #touch(vehicleId: string, vehicle: KnownVehicle, { sequence, index }: LogPlace): void {
    vehicle.includes = { sequence, index };
    this.#changed.add(vehicleId);
  }

  #add(vehicleId: string, profile: Profile): KnownVehicle {
    const state = this.#rulesFor(vehicleId, profile).initial();
    const vehicle = { profile, state, heardMs: this.clock.runningMs, includes: BEFORE_THE_LOG };
    this.vehicles.set(vehicleId, vehicle);
    return vehicle;
  }

  #fit(vehicleId: string, vehicle: KnownVehicle, entry: LogEntry): VehicleFacts {
    const { profile, state } = vehicle;
    if (includes(vehicle, entry)) return { vehicleId, fleet: profile.fleet, facts: [] };
    this.#touch(vehicleId, vehicle, entry);
    const facts = this.#rulesFor(vehicleId, profile).continue(state, this.clock.nowMs);
    return { vehicleId, fleet: profile.fleet, facts };
  }

  #rulesFor(vehicleId: string, profile: Profile): VehicleRules {
    const known = this.#ofVehicle.get(vehicleId);
    if (known) return known;
    const rules = this.#rules.filter(({ scope }) => isIn(scope, vehicleId, profile));
    const key = rules.map(({ id }) => id).join(' ');
    const fitting = this.#fitting.get(key) ?? new VehicleRules(rules);
    this.#fitting.set(key, fitting);
    this.#ofVehicle.set(vehicleId, fitting);
    return fitting;
  }
}

const NOTHING: readonly VehicleFacts[] = [];
const BEFORE_THE_LOG: LogPlace = { sequence: 0, index: 0 };

function includes({ includes: place }: KnownVehicle, { sequence, index }: LogPlace): boolean {
  return sequence < place.sequence || (sequence === place.sequence && index <= place.index);
}

const inOrder = (rules: readonly Rule[]) => rules.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** What a vehicle is that has only reported. */
export const UNREGISTERED: Profile = { fleet: 'default', tags: [], isRetired: false };

const isWorthTelling = ({ facts }: VehicleFacts): boolean => facts.length > 0;

function notAhead(samples: readonly RecordedSample[], nowMs: number): readonly RecordedSample[] {
  let newestMs = 0;
  for (const { observedAtMs } of samples) newestMs = Math.max(newestMs, observedAtMs);
  if (newestMs <= nowMs + TOLERATED_SKEW_MS) return samples;
  return samples.map((sample) => ({ ...sample, observedAtMs: sample.observedAtMs - (newestMs - nowMs) }));
}

function isIn({ vehicles, fleets, tags }: Scope, vehicleId: string, profile: Profile): boolean {
  if (profile.isRetired) return false;
  const names = (list: readonly string[], own: readonly string[]) =>
    list.length === 0 || own.some((name) => list.includes(name));
  return names(vehicles, [vehicleId]) && names(fleets, [profile.fleet]) && names(tags, profile.tags);
}
