import { expect, test } from 'vitest';
import { addTallies, closingLine, tallyTests } from './test-summary.ts';

const file = (status: string, ...tests: readonly string[]) => {
  return { status, assertionResults: tests.map((each) => ({ status: each })) };
};

test('tests are counted by what they did', () => {
  const testResults = [file('passed', 'passed', 'pending', 'todo'), file('failed', 'failed', 'passed')];
  expect(tallyTests({ testResults }, 1)).toEqual({ passed: 2, failed: 1, skipped: 2 });
});

test('a file that cannot be loaded counts as failed', () => {
  expect(tallyTests({ testResults: [file('failed'), file('passed', 'passed')] }, 1)).toMatchObject({
    failed: 1,
  });
});

test('a run that ends badly is never counted as good', () => {
  expect(tallyTests({ testResults: [file('passed', 'passed')] }, 1)).toMatchObject({ passed: 1, failed: 1 });
  expect(tallyTests(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('the closing line names the skipped only where there are any', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
  expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
});

test('tallies add up', () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  expect(addTallies(one, one)).toEqual({ passed: 2, failed: 4, skipped: 6 });
});
