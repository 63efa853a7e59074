import type { EventPosition } from './position.ts';
import type { DecisionEvent } from './vehicle-event.ts';

/** A decision that was made: the same one again gets the same answer. */
interface MadeDecision {
  readonly id: string;
  readonly version: number;
  readonly position: EventPosition;
  /** What was asked for. */
  readonly commandHash: string;
}

/** The event of a decision, and where the log has it. */
interface LoggedDecision<Event extends DecisionEvent> {
  readonly event: Event;
  readonly position: EventPosition;
}

/** What the decisions of one subject have made of it. A fold changes it in place. */
export interface Aggregate<State> {
  /** That of its last decision; 0 before the first one. */
  version: number;
  state: State;
  /** The last {@link REMEMBERED_DECISIONS}, oldest first. */
  decisions: readonly MadeDecision[];
}

/** How many decisions of a subject are known by their ids. */
export const REMEMBERED_DECISIONS = 64;

/**
 * Applies a decision. A version that the aggregate already has was decided twice, and the first one in the log holds.
 * A version is missing before it if that decision was parked and dropped; each decision says all of what it makes.
 */
export function applyDecision<State, Event extends DecisionEvent>(
  aggregate: Aggregate<State>,
  { event, position }: LoggedDecision<Event>,
  evolve: (state: State, event: NoInfer<Event>) => State,
): void {
  const { aggregateVersion: version, reportId: id, commandHash } = event;
  if (version <= aggregate.version) return;
  aggregate.state = evolve(aggregate.state, event);
  aggregate.version = version;
  const made = { id, version, position, commandHash };
  aggregate.decisions = [...aggregate.decisions, made].slice(-REMEMBERED_DECISIONS);
}
