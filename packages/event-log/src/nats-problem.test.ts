import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { natsProblem } from './nats-problem.ts';

const answered = (errorCode: number) =>
  new JetStreamApiError({ err_code: errorCode, code: 400, description: 'whatever the server says' });

test.each([
  [10023, 'stream full'],
  [10047, 'stream full'],
  [10077, 'stream full'],
  [10059, 'stream missing'],
  [10037, 'refused'],
  [10071, 'refused'],
] as const)('the JetStream code %i means: %s', (code, problem) => {
  expect(natsProblem(answered(code))).toBe(problem);
});

test('a subject without a stream is refused: nothing was stored', () => {
  const error = new Error('jetstream is not enabled');
  error.name = 'JetStreamNotEnabled';
  expect(natsProblem(error)).toBe('refused');
});

test.each([new Error('timeout'), 'text', undefined])('%s is not an answer of JetStream', (error) => {
  expect(natsProblem(error)).toBeUndefined();
});
