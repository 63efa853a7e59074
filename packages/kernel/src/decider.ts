import type { Finding } from './finding.ts';

/** Why a command is refused: the command is wrong, or the state does not allow it. */
export interface Rejection {
  readonly rejected: 'INVALID_INPUT' | 'RULE_VIOLATED';
  readonly message: string;
  readonly findings: readonly Finding[];
}

/**
 * The rules of an aggregate, as pure functions: what a command makes of a state, and what an event makes of it.
 * A decision is one event, because an aggregate has each version once.
 */
export interface Decider<Command, State, Event extends object> {
  /** The state before any decision. */
  readonly initial: State;
  /** The event that the command makes of the state, or why there is none. */
  decide(command: Command, state: State): Event | Rejection;
  /** The state after an event of the log. It never refuses: the event has happened. */
  evolve(state: State, event: Event): State;
}

export function isRejection(decided: object): decided is Rejection {
  return 'rejected' in decided;
}
