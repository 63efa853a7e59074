import { type Decider, isRejection, type Rejection } from '@odograph/kernel/decider';
import { expect } from 'vitest';

/**
 * A specification of a decider that reads as a sentence:
 * `given(decider, events).when(command).thenEvent(event)`, or `.thenRejected({ rejected: 'RULE_VIOLATED' })`.
 */
export function given<Command, State, Event extends object>(
  { initial, evolve, decide }: Decider<Command, State, Event>,
  events: readonly Event[],
) {
  const state = events.reduce(evolve, initial);
  return {
    when(command: Command) {
      const decided = decide(command, state);
      return {
        /** The command becomes exactly this event. */
        thenEvent: (event: Event): void => expect(decided).toEqual(event),
        /** The command is refused; what is not named here may have any value. */
        thenRejected: (rejection: PartialRejection): void => {
          expect(isRejection(decided), `expected a rejection, got ${JSON.stringify(decided)}`).toBe(true);
          expect(decided).toMatchObject(rejection);
        },
      };
    },
  };
}

type PartialRejection = Partial<Omit<Rejection, 'findings'>> & {
  readonly findings?: readonly Partial<Rejection['findings'][number]>[];
};
