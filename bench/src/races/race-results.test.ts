import { expect, test } from 'vitest';
import { outcomesOf, raceTable } from './race-results.ts';

const passed = { ancestorTitles: [], title: 'a delete holds', status: 'passed', failureMessages: [] };
const failed = (...failureMessages: string[]) => ({
  ...{ ancestorTitles: ['a source'], title: 'is asked once', status: 'failed', failureMessages },
});
const resultsOf = (...assertionResults: ReturnType<typeof failed>[]) => ({
  testResults: [{ assertionResults }],
});

test('the reason is the first line of each failure', () => {
  const first =
    "AssertionError: what it says: expected 'done' to be 'degraded' // Object.is equality\n    at x";
  const second = "AssertionError: expected 'old' to be 'new' // Object.is equality";
  expect(outcomesOf(resultsOf(failed(first, second))).get('a source is asked once')).toBe(
    "what it says: expected 'done' to be 'degraded'; expected 'old' to be 'new'",
  );
  const late = failed('Error: Test timed out in 60000ms.\nIf this is a long-running test …');
  expect(outcomesOf(resultsOf(late)).get('a source is asked once')).toBe('it did not end in time');
  expect(outcomesOf(resultsOf(failed())).get('a source is asked once')).toBe('failed');
});

test('the table has a row for each test, and one more for each cache that was wrong there', () => {
  const ours = { name: 'ours', outcomes: outcomesOf(resultsOf(passed, { ...failed(), status: 'passed' })) };
  const other = {
    name: 'other',
    outcomes: outcomesOf(resultsOf(failed('AssertionError: expected 2 to be 1'))),
  };
  expect(raceTable([ours, other]).split('\n')).toEqual([
    'ours        other       test',
    'right       -           a delete holds',
    'right       wrong       a source is asked once',
    '                          other: expected 2 to be 1',
    '',
    'ours is right in 2 of 2',
    'other is right in 0 of 1',
  ]);
});
