import type { Decider } from '@odograph/kernel/decider';
import { expect, test } from 'vitest';
import { given } from './given.ts';

/** A door that opens and closes. */
const door: Decider<'open' | 'close', boolean, { readonly is: 'opened' | 'closed' }> = {
  initial: false,
  decide: (command, isOpen) => {
    if (command === 'close') return { is: 'closed' };
    return isOpen
      ? { rejected: 'RULE_VIOLATED', message: 'the door is open', findings: [] }
      : { is: 'opened' };
  },
  evolve: (_, { is }) => is === 'opened',
};

test('given events, when a command, then the event or the rejection', () => {
  given(door, []).when('open').thenEvent({ is: 'opened' });
  given(door, [{ is: 'opened' }, { is: 'closed' }])
    .when('open')
    .thenEvent({ is: 'opened' });
  given(door, [{ is: 'opened' }])
    .when('open')
    .thenRejected({ rejected: 'RULE_VIOLATED', message: 'the door is open' });
});

test('a specification that does not hold fails', () => {
  const opened = given(door, []).when('open');
  expect(() => opened.thenEvent({ is: 'closed' })).toThrow();
  expect(() => opened.thenRejected({})).toThrow('expected a rejection, got {"is":"opened"}');
  const refused = given(door, [{ is: 'opened' }]).when('open');
  expect(() => refused.thenEvent({ is: 'opened' })).toThrow();
  expect(() => refused.thenRejected({ rejected: 'INVALID_INPUT' })).toThrow();
});
