import { expect, test } from 'vitest';
import { isJudged, JUDGED, mustRun, PLANS, REPORT_EVERY_MS } from './ramp-plan.ts';
import { BARS } from './verdict.ts';

const plans = Object.values(PLANS);

test.each(plans)('the steps of the $form form rise, past the judged one', ({ steps }) => {
  for (const [at, { users, streams }] of steps.entries()) {
    expect(users).toBeGreaterThan(steps[at - 1]?.users ?? 0);
    expect(streams).toBeGreaterThan(steps[at - 1]?.streams ?? 0);
  }
  expect(steps.filter(isJudged)).toHaveLength(1);
  expect(steps.at(-1)?.users).toBeGreaterThan(JUDGED.users);
});

test.each(plans)('what must run of the $form form ends with the judged step', ({ steps }) => {
  expect(steps[mustRun(steps) - 1]).toEqual(JUDGED);
});

test('the judged load asks for more than the bars', () => {
  expect(JUDGED.streams).toBeGreaterThan(BARS.streams);
  expect((JUDGED.streams * 1_000) / REPORT_EVERY_MS).toBeGreaterThan(BARS.messagesPerSecond);
});

test.each([
  ['quick', 3],
  ['full', 12],
] as const)('the %s form takes at most %d minutes with two platforms', (form, minutes) => {
  const { steps, warmUpMs, settleMs, measureMs, recoverWithinMs } = PLANS[form];
  const startMs = 25_000;
  const oneMs = startMs + warmUpMs + steps.length * (settleMs + measureMs) + recoverWithinMs;
  expect((2 * oneMs) / 60_000).toBeLessThanOrEqual(minutes);
});
