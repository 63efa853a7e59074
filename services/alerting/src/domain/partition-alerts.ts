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

/** What is known of a vehicle: plain data. */
export interface KnownVehicle {
  profile: Profile;
  state: VehicleState;
  /** By the running time of the log, when it reported last. */
  heardMs: number;
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
  readonly facts: readonly LaneFact[];
}

/** A log without an event for longer than two ticks has stood. */
const LONGEST_STEP_MS = 20_000;
/** A clock that is farther ahead of ours is wrong: the sample is taken for one of the time at which it came. */
const TOLERATED_SKEW_MS = 10_000;

/** The alerts of all vehicles of a partition. It depends on the events of the partition alone, in their order. */
export class PartitionAlerts {
  readonly vehicles: Map<string, KnownVehicle>;
  readonly clock: LogClock;
  #rules: readonly Rule[] = [];
  /** By the ids of the rules. */
  readonly #fitting = new Map<string, VehicleRules>();
  readonly #ofVehicle = new Map<string, VehicleRules>();

  constructor(
    vehicles: ReadonlyMap<string, KnownVehicle> = new Map(),
    clock: LogClock = { nowMs: 0, runningMs: 0 },
  ) {
    this.vehicles = new Map(vehicles);
    this.clock = { ...clock };
  }

  /** Sets the rules that hold from now on, and says what that means for the alerts. */
  setRules(rules: readonly Rule[]): readonly VehicleFacts[] {
    this.#rules = rules.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#fitting.clear();
    this.#ofVehicle.clear();
    return Array.from(this.vehicles, ([vehicleId, vehicle]) => this.#fit(vehicleId, vehicle)).filter(
      isWorthTelling,
    );
  }

  /** A vehicle was registered, updated or retired. */
  register(vehicleId: string, profile: Profile, receivedAtMs: number): readonly VehicleFacts[] {
    this.#advance(receivedAtMs);
    const vehicle = this.vehicles.get(vehicleId);
    if (!vehicle) {
      this.#add(vehicleId, profile);
      return [];
    }
    vehicle.profile = profile;
    this.#ofVehicle.delete(vehicleId);
    return [this.#fit(vehicleId, vehicle)].filter(isWorthTelling);
  }

  /** A vehicle reported. */
  report(
    vehicleId: string,
    samples: readonly RecordedSample[],
    receivedAtMs: number,
  ): readonly VehicleFacts[] {
    this.#advance(receivedAtMs);
    const vehicle = this.vehicles.get(vehicleId) ?? this.#add(vehicleId, UNREGISTERED);
    vehicle.heardMs = this.clock.runningMs;
    const rules = this.#rulesFor(vehicleId, vehicle.profile);
    const { nowMs } = this.clock;
    const facts = rules.take(
      vehicle.state,
      samples.map((sample) => notAhead(sample, nowMs)),
      nowMs,
    );
    return [{ vehicleId, facts }].filter(isWorthTelling);
  }

  /** Time has passed. */
  tick(receivedAtMs: number): readonly VehicleFacts[] {
    this.#advance(receivedAtMs);
    const { nowMs: atMs, runningMs } = this.clock;
    return Array.from(this.vehicles, ([vehicleId, { profile, state, heardMs }]) => {
      const silentMs = runningMs - heardMs;
      return { vehicleId, facts: this.#rulesFor(vehicleId, profile).pass(state, { atMs, silentMs }) };
    }).filter(isWorthTelling);
  }

  #advance(receivedAtMs: number): void {
    const { clock } = this;
    const stepMs = receivedAtMs - clock.nowMs;
    if (stepMs <= 0) return;
    clock.nowMs = receivedAtMs;
    clock.runningMs += Math.min(stepMs, LONGEST_STEP_MS);
  }

  #add(vehicleId: string, profile: Profile): KnownVehicle {
    const state = this.#rulesFor(vehicleId, profile).initial();
    const vehicle = { profile, state, heardMs: this.clock.runningMs };
    this.vehicles.set(vehicleId, vehicle);
    return vehicle;
  }

  #fit(vehicleId: string, { profile, state }: KnownVehicle): VehicleFacts {
    return { vehicleId, facts: this.#rulesFor(vehicleId, profile).continue(state, this.clock.nowMs) };
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

/** What a vehicle is that has only reported. */
const UNREGISTERED: Profile = { fleet: 'default', tags: [], isRetired: false };

const isWorthTelling = ({ facts }: VehicleFacts): boolean => facts.length > 0;

function notAhead(sample: RecordedSample, nowMs: number): RecordedSample {
  return sample.observedAtMs > nowMs + TOLERATED_SKEW_MS ? { ...sample, observedAtMs: nowMs } : sample;
}

function isIn({ vehicles, fleets, tags }: Scope, vehicleId: string, profile: Profile): boolean {
  if (profile.isRetired) return false;
  const names = (list: readonly string[], own: readonly string[]) =>
    list.length === 0 || own.some((name) => list.includes(name));
  return names(vehicles, [vehicleId]) && names(fleets, [profile.fleet]) && names(tags, profile.tags);
}
