import { expect, test } from 'vitest';
import { POLICIES } from './policies.ts';

test.each(Object.entries(POLICIES))(
  'what is kept of %s: no step of its life is shorter than the one before it',
  (_, policy) => {
    const { softTtlMs, hardTtlMs, negativeTtlMs, load } = policy;
    for (const soft of Object.values(softTtlMs)) expect(soft).toBeLessThanOrEqual(hardTtlMs);
    expect(negativeTtlMs).toBeLessThanOrEqual(softTtlMs.load);
    expect(load.softMs).toBeLessThan(load.hardMs);
    // A value of Redis or of files is loaded within the time that its floors are kept there.
    expect(load.hardMs).toBeLessThan(120_000);
  },
);
