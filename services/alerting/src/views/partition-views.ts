import type { Aggregate } from '@odograph/kernel/aggregate';
import { DECISION_PARTITION } from '@odograph/kernel/alert-event';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { AlertEvent, RuleEvent, SilenceEvent, VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type AlertRecord, alertIdIn } from '../domain/alert-record.ts';
import {
  type Addressee,
  isSilencedFor,
  type Notice,
  noticesAfterSilence,
  noticesOf,
} from '../domain/notices.ts';
import type { RuleState } from '../domain/rule-decisions.ts';
import { isSilenced, type SilenceState } from '../domain/silence-decisions.ts';
import type { DecodedEvent } from '../evaluate/decoded-event.ts';
import type { OutgoingEvent } from '../evaluate/outgoing.ts';
import type { PartitionViews } from '../evaluate/views-queue.ts';
import type { AlertStore, FoldedEvent, LoggedAlertEvent } from './alert-store.ts';
import type { DecidedStore, LoggedDecision } from './decided-store.ts';
import type { Reached } from './reached.ts';
import type { RuleDocuments } from './rule-documents.ts';

export type RuleStore = DecidedStore<RuleState, RuleEvent>;
export type SilenceStore = DecidedStore<SilenceState, SilenceEvent>;

/** Where notices go. */
export interface NoticeStore {
  /** Those of some alerts, each alert's oldest first. */
  ofAlerts(ids: readonly string[]): Promise<readonly Notice[]>;
  /** Adds those that it does not have. */
  add(notices: readonly Notice[]): Promise<void>;
}

/** What events of alerts mean for receivers. */
interface Noticed {
  readonly made: readonly Notice[];
  /** The ids of the alerts that a silence keeps from them. */
  readonly silenced: ReadonlySet<string>;
}

interface ViewsDeps {
  readonly partitionCount: number;
  readonly alerts: AlertStore;
  readonly rules: RuleStore;
  readonly documents: RuleDocuments;
  readonly silences: SilenceStore;
  readonly reached: Reached;
  readonly notices: NoticeStore;
  readonly receivers: readonly Addressee[];
}

/** The views of alerts, rules and silences. Each of them can be applied again from any event before the last one. */
export class AlertingViews implements PartitionViews {
  readonly #deps: ViewsDeps;

  constructor(deps: ViewsDeps) {
    this.#deps = deps;
  }

  concerns({ subject }: VehicleEvent): boolean {
    return OF_VIEWS.test(subject);
  }

  async apply(events: readonly DecodedEvent[], through: Position): Promise<readonly OutgoingEvent[]> {
    const ofAlerts = events.flatMap(alertEventIn);
    const ofRules = events.flatMap(ruleEventIn);
    const ofSilences = events.flatMap(silenceEventIn);
    if (ofSilences.length > 0) await this.#deps.silences.apply(ofSilences);
    const applied = ofRules.length > 0 ? await this.#applyRules(ofRules) : [];
    if (ofAlerts.length > 0) await this.#applyAlerts(ofAlerts);
    const tick = events.findLast(({ event }) => event.type === 'TimeTicked');
    if (tick) await this.#endSilences(tick);
    const isNew = ofAlerts.length + ofRules.length + ofSilences.length > 0;
    await this.#deps.reached.store(through, isNew);
    return applied;
  }

  async #applyAlerts(events: readonly LoggedAlertEvent[]): Promise<void> {
    const { alerts, notices } = this.#deps;
    const folded = await alerts.fold(events);
    // Before the alerts: if this process ends in between, the events are applied again, and make the same notices.
    const { made, silenced } = await this.#noticesOf(folded);
    if (made.length > 0) await notices.add(made);
    await alerts.save(folded, silenced);
  }

  /** Receivers hear of alerts that still fire when their silence is over. */
  async #endSilences({ event: { receivedAtMs: atMs }, position }: DecodedEvent): Promise<void> {
    const { alerts, notices, documents, receivers } = this.#deps;
    const silenced = await alerts.silenced(position.partition);
    if (silenced.length === 0) return;
    const silences = await this.#silences();
    const over = silenced.filter((record) => !silenceOf(record, silences, atMs));
    if (over.length === 0) return;
    const ids = over.map(({ id }) => id);
    const earlier = await notices.ofAlerts(ids);
    const made: Notice[] = [];
    for (const record of over) {
      const { description, receivers: receiversOfRule } = await documents.textOf(
        record.rule,
        record.revision,
      );
      const own = earlier.filter(({ alert }) => alert.id === record.id);
      const place = formatPosition(position);
      made.push(
        ...noticesAfterSilence(atMs, {
          place,
          record,
          description,
          receiversOfRule,
          receivers,
          earlier: own,
        }),
      );
    }
    if (made.length > 0) await notices.add(made);
    await alerts.unsilence(ids);
  }

  async #noticesOf(folded: readonly FoldedEvent[]): Promise<Noticed> {
    const { notices, documents, receivers } = this.#deps;
    const earlier = [...(await notices.ofAlerts([...new Set(folded.map(({ id }) => id))]))];
    const silences = await this.#silences();
    const made: Notice[] = [];
    for (const { id, event, record, position } of folded) {
      const { description, receivers: receiversOfRule } = await documents.textOf(
        record.rule,
        record.revision,
      );
      const next = noticesOf(event, {
        ...{ place: formatPosition(position), record, description, receiversOfRule, receivers },
        earlier: earlier.filter(({ alert }) => alert.id === id),
        silence: silenceOf(record, silences, event.receivedAtMs),
      });
      earlier.push(...next);
      made.push(...next);
    }
    // Also of those that are in the outbox already, because a process has ended before it could save the alerts.
    const byAlert = Map.groupBy(earlier, ({ alert }) => alert.id);
    const silenced = [...byAlert].flatMap(([id, own]) => (isSilencedFor(own) ? [id] : []));
    return { made, silenced: new Set(silenced) };
  }

  #silences(): Promise<Silences> {
    return this.#deps.silences.list({ 'state.terms.endsAtMs': { $gt: Date.now() - MAX_BEHIND_MS } });
  }

  /** What was decided about rules in one partition, all partitions have to know. */
  async #applyRules(decisions: readonly LoggedDecision<RuleEvent>[]): Promise<readonly OutgoingEvent[]> {
    const { rules, documents, partitionCount } = this.#deps;
    const changed = await rules.apply(decisions);
    for (const { id, event } of decisions) {
      const { aggregateVersion: version } = event;
      const change = changed.get(id)?.state.changes.find((each) => each.version === version);
      if (change && 'document' in event) await documents.save(id, change.revision, event.document);
    }
    const outgoing: OutgoingEvent[] = [];
    for (const [rule, { version, state }] of changed) {
      const { revision, document, isEnabled, changes } = state;
      const receivedAtMs = changes.at(-1)?.atMs ?? 0;
      for (let partition = 0; partition < partitionCount; partition += 1) {
        const event: AlertEvent = {
          ...{ type: 'RuleApplied', subject: `rules/${partition}`, reportId: `${rule} ${version}` },
          ...{ observedAtMs: receivedAtMs, receivedAtMs },
          ...{ rule, version, revision, document: isEnabled ? document : '' },
        };
        outgoing.push({ partition, event, traceparent: '' });
      }
    }
    return outgoing;
  }
}

const OF_VIEWS = /^(?:alert|rule|silence|clock)\//;

type Silences = readonly (readonly [string, Aggregate<SilenceState>])[];

/** The id of a silence that is for an alert at a time. */
function silenceOf(record: AlertRecord, silences: Silences, atMs: number): string | undefined {
  const { rule, vehicleId, fleet, severity = 'warning' } = record;
  const found = silences.find(([, { state }]) =>
    isSilenced(state, { rule, vehicleId, fleet, severity }, atMs),
  );
  return found?.[0];
}

/** A partition that is read again may be so far behind the silences that it had then. */
const MAX_BEHIND_MS = 7 * 24 * 3_600_000;

function alertEventIn({ event, position }: DecodedEvent): LoggedAlertEvent[] {
  const alert = event as AlertEvent;
  const id = event.subject.startsWith('alert/') ? alertIdIn(alert) : undefined;
  return id === undefined ? [] : [{ id, event: alert, position }];
}

function ruleEventIn({ event, position }: DecodedEvent): LoggedDecision<RuleEvent>[] {
  const isRule =
    event.type === 'RuleCreated' ||
    event.type === 'RuleRevised' ||
    event.type === 'RuleEnabled' ||
    event.type === 'RuleDisabled';
  return isRule && position.partition === DECISION_PARTITION
    ? [{ id: idIn(event.subject), event, position }]
    : [];
}

function silenceEventIn({ event, position }: DecodedEvent): LoggedDecision<SilenceEvent>[] {
  const isSilence = event.type === 'SilenceSet' || event.type === 'SilenceEnded';
  return isSilence && position.partition === DECISION_PARTITION
    ? [{ id: idIn(event.subject), event, position }]
    : [];
}

/** `rule/<id>`, `silence/<id>`. */
const idIn = (subject: string): string => subject.slice(subject.indexOf('/') + 1);
