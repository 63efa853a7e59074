import { encodeEvent } from '@odograph/contracts/event-catalogue';
import type { CommandCall } from '@odograph/decisions/append-event';
import { createDecide, type DecisionRequest, type LeftOut } from '@odograph/decisions/decide';
import type { EventPublisher } from '@odograph/event-log/publisher';
import { DECISION_PARTITION, ruleSubject, silenceSubject } from '@odograph/kernel/alert-event';
import type { Clock } from '@odograph/kernel/clock';
import { Fault, invariant, isFault } from '@odograph/kernel/fault';
import type { EventPosition, Position } from '@odograph/kernel/position';
import type { DecisionEvent, VehicleEvent } from '@odograph/kernel/vehicle-event';
import { type RuleCommand, ruleDecider } from '../domain/rule-decisions.ts';
import { type SilenceCommand, silenceDecider } from '../domain/silence-decisions.ts';
import type { RuleStore, SilenceStore } from '../views/partition-views.ts';

/** The log, as far as decisions ask it. */
export interface DecidedLog {
  /** The last position of a partition; sequence 0: it has none. */
  watermark(partition: number): Promise<Position>;
  /** What the log made of an event that may not be seen; undefined if readers see it, or if the log does not say. */
  whyLeftOut(event: DecisionEvent, position: EventPosition): Promise<LeftOut | undefined>;
}

interface DecisionsDeps {
  readonly rules: Pick<RuleStore, 'load'>;
  readonly silences: Pick<SilenceStore, 'load'>;
  readonly publisher: Pick<EventPublisher, 'appendAll'>;
  readonly log: DecidedLog;
  /** Waits until the views include a position. */
  readonly reach: (position: Position, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
}

/** Decides about rules and silences. Throws the faults of {@link createDecide}, and NOT_FOUND. */
export function createDecisions({ rules, silences, publisher, log, reach, clock }: DecisionsDeps) {
  const shared = {
    append: (event: DecisionEvent, call: CommandCall) =>
      appendTo(DECISION_PARTITION, event, { publisher, call }),
    reach,
    reachHead: async (_subject: string, signal: AbortSignal) =>
      reach(await log.watermark(DECISION_PARTITION), signal),
    whyLeftOut: log.whyLeftOut,
    clock,
  };
  const decideRule = createDecide({
    ...shared,
    decider: ruleDecider,
    toEvent: (head, fact) => ({ ...head, ...fact }),
    async load({ subject, command }: DecisionRequest<RuleCommand>) {
      const aggregate = await rules.load(idIn(subject));
      if (aggregate.version === 0 && command.type !== 'CreateRule') throw noRule(idIn(subject));
      return aggregate;
    },
  });
  const decideSilence = createDecide({
    ...shared,
    decider: silenceDecider,
    toEvent: (head, fact) => ({ ...head, ...fact }),
    async load({ subject, command }: DecisionRequest<SilenceCommand>) {
      const aggregate = await silences.load(idIn(subject));
      if (aggregate.version === 0 && command.type !== 'SetSilence')
        throw new Fault(
          'NOT_FOUND',
          `there is no silence ${idIn(subject)}: \`odograph silences list\` shows them`,
        );
      return aggregate;
    },
  });
  return {
    rule: (rule: string, request: Decision<RuleCommand>, call: CommandCall) =>
      decideRule({ ...request, subject: ruleSubject(rule) }, call),
    silence: (id: string, request: Decision<SilenceCommand>, call: CommandCall) =>
      decideSilence({ ...request, subject: silenceSubject(id) }, call),
  };
}

type Decision<Command> = Omit<DecisionRequest<Command>, 'subject'>;
export type Decisions = ReturnType<typeof createDecisions>;

interface AppendDeps {
  readonly publisher: Pick<EventPublisher, 'appendAll'>;
  readonly call: CommandCall;
}

/** Appends an event to a partition. Throws the fault of an append that is not confirmed. */
export async function appendTo(
  partition: number,
  event: VehicleEvent,
  { publisher, call: { deadlineAtMs, traceparent } }: AppendDeps,
): Promise<EventPosition> {
  const encoded = encodeEvent(event, { traceparent });
  const [position] = await publisher.appendAll([[encoded]], { deadlineAtMs, partition });
  invariant(position, 'one append has one result');
  if (isFault(position)) throw position;
  return position;
}

export function noRule(rule: string): Fault {
  return new Fault('NOT_FOUND', `there is no rule ${rule}: \`odograph rules list\` shows them`);
}

const idIn = (subject: string): string => subject.slice(subject.indexOf('/') + 1);
