import { expect, test } from 'vitest';
import { isJudged, JUDGED, LOAD_PLANS } from './load-plan.ts';

const plans = Object.values(LOAD_PLANS);

test.each(plans)('the steps of the form $form rise, beyond the judged one', ({ steps }) => {
  for (const [at, { users, streams }] of steps.entries()) {
    expect(users).toBeGreaterThan(steps[at - 1]?.users ?? 0);
    expect(streams).toBeGreaterThan(steps[at - 1]?.streams ?? 0);
  }
  expect(steps.filter(isJudged)).toHaveLength(1);
  expect(steps.at(-1)?.users).toBeGreaterThan(JUDGED.users);
});

test.each([
  ['load-quick', 3],
  ['load', 12],
] as const)('the form %s takes at most %d minutes with two platforms', (form, minutes) => {
  const { steps, warmUpMs, settleMs, measureMs, recoverWithinMs } = LOAD_PLANS[form];
  const startMs = 25_000;
  const oneMs = startMs + warmUpMs + steps.length * (settleMs + measureMs) + recoverWithinMs;
  expect((2 * oneMs) / 60_000).toBeLessThanOrEqual(minutes);
});
