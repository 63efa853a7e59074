import type { EventPosition } from '@odograph/kernel/position';
import type { AlertEvent, VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type AlertRecord, isOpen, recordAfter } from '../domain/alert-record.ts';
import {
  type Addressee,
  isSilencedFor,
  type Notice,
  noticesAfterSilence,
  noticesOf,
} from '../domain/notices.ts';
import type { Profile } from '../domain/partition-alerts.ts';
import type { Rule } from '../domain/rule.ts';
import { isSilenced, type SilenceState } from '../domain/silence-decisions.ts';
import { FROM_THE_START, PartitionEvaluation } from '../evaluate/partition-evaluation.ts';

/** An alert that a rule would have made. Times of its course are by the clock of the rule, in Unix milliseconds. */
export interface BacktestEpisode {
  readonly id: string;
  readonly vehicleId: string;
  readonly severity: string;
  readonly startedAtMs: number;
  readonly firedAtMs: number;
  readonly endedAtMs?: number | undefined;
  /** When it would have been known, by our clock. */
  readonly knownAtMs: number;
  /** Whether it would have been a page. */
  readonly isPaged: boolean;
  /** Why not; empty if it would. */
  readonly because: string;
}

/** What a rule makes of a part of the log. */
export interface BacktestTimelines {
  /** In the order in which the log had it: what would have been known then, and paged. */
  readonly asKnownThen: readonly BacktestEpisode[];
  /** With all that came late: what was true. */
  readonly asKnownNow: readonly BacktestEpisode[];
  /** Alerts of vehicles that had too many of them in a short time. */
  readonly flapping: number;
}

interface RuleBacktestOptions {
  readonly document: string;
  readonly rule: Rule;
  /** Only alerts that fire in this time count, by our clock; the end is exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The vehicles that are registered, by id: their registration may be older than what is read of the log. */
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly silencesAt: (atMs: number) => readonly SilenceState[];
}

const PAGER: Addressee = { name: 'pager', severities: ['info', 'warning', 'critical'], groupWaitMs: () => 0 };

/** One rule over the log of one partition, with the very evaluator that is used live. */
export class RuleBacktest {
  readonly #then: Course;
  readonly #now: Course;

  constructor(options: RuleBacktestOptions) {
    const { rule } = options;
    this.#then = new Course(options, rule);
    // A rule that leaves late samples out does not say what was true.
    this.#now = rule.late === 'correct' ? this.#then : new Course(options, { ...rule, late: 'correct' });
  }

  take(event: VehicleEvent, position: EventPosition): void {
    for (const course of new Set([this.#then, this.#now])) {
      // It is evaluated alone.
      if (event.type === 'RuleApplied') course.skip(event, position);
      else course.take(event, position);
    }
  }

  result(): BacktestTimelines {
    const then = this.#then.episodes();
    const now = this.#now === this.#then ? then : this.#now.episodes();
    return {
      asKnownThen: then.filter((episode) => episode.isKnownThen).map(({ episode }) => episode),
      asKnownNow: now.filter(({ isTrue }) => isTrue).map(({ episode }) => episode),
      flapping: then.filter(({ isFlapping }) => isFlapping).length,
    };
  }

  /** Of what is known at the end. */
  hash(): string {
    return this.#then.hash();
  }
}

interface CountedEpisode {
  readonly episode: BacktestEpisode;
  readonly isKnownThen: boolean;
  readonly isTrue: boolean;
  readonly isFlapping: boolean;
}

/** An evaluation, and what it has learned about alerts. */
class Course {
  readonly #options: RuleBacktestOptions;
  readonly #evaluation: PartitionEvaluation;
  readonly #records = new Map<string, AlertRecord>();
  readonly #notices = new Map<string, readonly Notice[]>();
  /** The alerts that a silence keeps from the pager. */
  readonly #silenced = new Set<string>();

  constructor(options: RuleBacktestOptions, rule: Rule) {
    const applied = { rule: rule.id, version: 1, revision: 1, document: options.document };
    this.#options = options;
    this.#evaluation = new PartitionEvaluation({
      checkpoint: { ...FROM_THE_START, rules: [applied] },
      ...{ vehicles: new Map(), compile: () => rule },
    });
  }

  take(event: VehicleEvent, position: EventPosition): void {
    this.#register(event, position);
    for (const made of this.#evaluation.apply(event, position)) this.#tell(made);
    if (event.type === 'TimeTicked') this.#endSilences(event.receivedAtMs);
  }

  /** As live: the pager hears of what still fires when its silence is over. */
  #endSilences(atMs: number): void {
    for (const id of this.#silenced) {
      const record = this.#records.get(id);
      if (record && isOpen(record) && this.#isSilenced(record, atMs)) continue;
      this.#silenced.delete(id);
      if (!record || !isOpen(record)) continue;
      const earlier = this.#notices.get(id) ?? [];
      const context = {
        place: `${atMs}`,
        record,
        description: '',
        receiversOfRule: [],
        receivers: [PAGER],
        earlier,
      };
      this.#notices.set(id, [...earlier, ...noticesAfterSilence(atMs, context)]);
    }
  }

  #isSilenced({ rule, vehicleId, fleet, severity = 'warning' }: AlertRecord, atMs: number): boolean {
    const alert = { rule, vehicleId, fleet, severity };
    return this.#options.silencesAt(atMs).some((state) => isSilenced(state, alert, atMs));
  }

  skip(event: VehicleEvent, position: EventPosition): void {
    this.#evaluation.skip(event, position);
  }

  /** A vehicle that comes for the first time may have been registered before what is read. */
  #register({ subject, receivedAtMs }: VehicleEvent, { sequence, index }: EventPosition): void {
    const profile = this.#options.profiles.get(subject);
    const { alerts } = this.#evaluation;
    if (!profile || alerts.vehicles.has(subject)) return;
    alerts.register(subject, profile, { receivedAtMs, sequence, index: index - 1 });
  }

  #tell(event: AlertEvent): void {
    if (!('alert' in event)) return;
    const { id } = event.alert;
    const record = recordAfter(this.#records.get(id), event);
    if (!record) return;
    this.#records.set(id, record);
    const earlier = this.#notices.get(id) ?? [];
    const silenced = this.#isSilenced(record, event.receivedAtMs);
    const next = noticesOf(event, {
      ...{ place: event.reportId, record, description: '', receiversOfRule: [], receivers: [PAGER], earlier },
      silence: silenced ? 'set' : undefined,
    });
    if (next.length > 0) this.#notices.set(id, [...earlier, ...next]);
    if (isSilencedFor([...earlier, ...next])) this.#silenced.add(id);
  }

  episodes(): readonly CountedEpisode[] {
    return [...this.#records.values()].flatMap((record) => this.#counted(record));
  }

  #counted(record: AlertRecord): CountedEpisode[] {
    const {
      id,
      vehicleId,
      severity = 'warning',
      startedAtMs,
      firedAtMs,
      endedAtMs,
      phase,
      isFlapping,
    } = record;
    const notices = this.#notices.get(id) ?? [];
    const [first] = notices;
    if (firedAtMs === undefined || first === undefined) return [];
    const { fromMs, toMs } = this.#options;
    if (first.atMs < fromMs || first.atMs >= toMs) return [];
    const isPaged = notices.some(({ suppressedBecause }) => suppressedBecause === undefined);
    const because = isPaged ? '' : (first.suppressedBecause ?? '');
    const episode: BacktestEpisode = {
      ...{ id, vehicleId, severity, startedAtMs, firedAtMs, endedAtMs, knownAtMs: first.atMs },
      ...{ isPaged, because },
    };
    return [{ episode, isKnownThen: true, isTrue: phase !== 'retracted', isFlapping }];
  }

  hash(): string {
    return this.#evaluation.hash();
  }
}
