import { createHash } from 'node:crypto';
import type { RuleApplication } from '@odograph/kernel/alert-event';
import type { EventPosition } from '@odograph/kernel/position';
import { type AlertEvent, registrationIn, type VehicleEvent } from '@odograph/kernel/vehicle-event';
import { samplesIn } from '@odograph/projections/recorded-sample';
import {
  type KnownVehicle,
  type LogClock,
  PartitionAlerts,
  type Profile,
  UNREGISTERED,
  type VehicleFacts,
} from '../domain/partition-alerts.ts';
import type { Rule } from '../domain/rule.ts';
import { alertEvents } from './alert-events.ts';

/** A rule as it was applied to a partition. */
export type AppliedRule = Omit<RuleApplication, 'type'>;

/** What is stored of the evaluation of a partition, besides its vehicles. */
export interface EvaluationCheckpoint {
  readonly clock: LogClock;
  /** Disabled ones too: their versions say which application is an old one. */
  readonly rules: readonly AppliedRule[];
}

interface EvaluationOptions {
  readonly checkpoint: EvaluationCheckpoint;
  readonly vehicles: ReadonlyMap<string, KnownVehicle>;
  /** The rule of a document; undefined if this program cannot read it, because a newer one has written it. */
  readonly compile: (document: string) => Rule | undefined;
}

export const FROM_THE_START: EvaluationCheckpoint = { clock: { nowMs: 0, runningMs: 0 }, rules: [] };

/** A fold of the log of one partition into its alerts. The same events give the same ones, live and in a backtest. */
export class PartitionEvaluation {
  readonly alerts: PartitionAlerts;
  readonly #compile: EvaluationOptions['compile'];
  readonly #applied: Map<string, AppliedRule>;
  readonly #compiled = new Map<string, Rule>();

  constructor({ checkpoint, vehicles, compile }: EvaluationOptions) {
    this.#compile = compile;
    this.#applied = new Map(checkpoint.rules.map((applied) => [applied.rule, applied]));
    for (const applied of checkpoint.rules) this.#compileApplied(applied);
    this.alerts = new PartitionAlerts({ vehicles, clock: checkpoint.clock, rules: this.#rules() });
  }

  /** Takes the next event, and says which events it makes. */
  apply(event: VehicleEvent, position: EventPosition): readonly AlertEvent[] {
    const { receivedAtMs } = event;
    const told = this.#take(event, { ...position, receivedAtMs });
    const cause = { position, receivedAtMs };
    return told.flatMap((facts) =>
      alertEvents(facts, cause, (rule) => this.#applied.get(rule)?.revision ?? 0),
    );
  }

  /** Takes the next event as one that concerns no alert. */
  skip({ receivedAtMs }: VehicleEvent, position: EventPosition): void {
    this.alerts.advance({ ...position, receivedAtMs });
  }

  /** What the next process begins with, as soon as it has all vehicles too. */
  checkpoint(): EvaluationCheckpoint {
    return { clock: { ...this.alerts.clock }, rules: [...this.#applied.values()] };
  }

  /** Hex, the same for the same events, in whichever process. */
  hash(): string {
    const hash = createHash('sha256').update(JSON.stringify([this.alerts.clock, this.#inOrder()]));
    for (const vehicleId of [...this.alerts.vehicles.keys()].sort())
      hash.update(JSON.stringify(inNameOrder([vehicleId, this.alerts.vehicles.get(vehicleId)])));
    return hash.digest('hex');
  }

  #take(event: VehicleEvent, entry: EventPosition & { receivedAtMs: number }): readonly VehicleFacts[] {
    const { alerts } = this;
    switch (event.type) {
      case 'TelemetryReported':
      case 'TelemetryQuarantined':
      case 'TelemetryConflicted':
        return alerts.report(event.subject, samplesIn(event), entry);
      case 'TimeTicked':
        return alerts.tick(entry);
      case 'RuleApplied':
        alerts.advance(entry);
        return this.#applyRule(event) ? alerts.setRules(this.#rules(), entry) : [];
      default:
        return this.#register(event, entry);
    }
  }

  #register(event: VehicleEvent, entry: EventPosition & { receivedAtMs: number }): readonly VehicleFacts[] {
    const decision = registrationIn(event);
    if (!decision) return [];
    const known = this.alerts.vehicles.get(decision.subject)?.profile ?? UNREGISTERED;
    return this.alerts.register(decision.subject, profileAfter(known, decision), entry);
  }

  /** Whether it is newer than what is applied. */
  #applyRule({ rule, version, revision, document }: RuleApplication): boolean {
    if (version <= (this.#applied.get(rule)?.version ?? 0)) return false;
    const applied = { rule, version, revision, document };
    this.#applied.set(rule, applied);
    this.#compileApplied(applied);
    return true;
  }

  #compileApplied({ rule, document }: AppliedRule): void {
    const compiled = document === '' ? undefined : this.#compile(document);
    if (compiled) this.#compiled.set(rule, compiled);
    else this.#compiled.delete(rule);
  }

  #rules(): readonly Rule[] {
    return [...this.#compiled.values()];
  }

  #inOrder(): readonly AppliedRule[] {
    return [...this.#applied.values()].sort((a, b) => (a.rule < b.rule ? -1 : 1));
  }
}

function profileAfter(known: Profile, decision: NonNullable<ReturnType<typeof registrationIn>>): Profile {
  if (decision.type === 'VehicleRetired') return { ...known, isRetired: true };
  const { fleet, tags } = decision.registration;
  return { fleet, tags, isRetired: false };
}

/** A copy with the names of objects in order: states that were stored and read again may have them in another one. */
function inNameOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inNameOrder);
  const fields = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields).sort()) copy[name] = inNameOrder(fields[name]);
  return copy;
}
