import { describe, expect, it } from 'vitest';
import { logRange } from './log-range.ts';

describe('a range of the log', () => {
  it('that begins with an event comes after the one before it', () => {
    expect(logRange([{ partition: 1, sequence: 20, index: 3 }], [])).toEqual({
      after: [{ partition: 1, sequence: 20, index: 2 }],
      partitions: [1],
    });
  });

  it('that begins with an envelope, or its first event, comes after the whole envelope before it', () => {
    const after = [{ partition: 0, sequence: 19 }];
    expect(logRange([{ partition: 0, sequence: 20 }], []).after).toEqual(after);
    expect(logRange([{ partition: 0, sequence: 20, index: 0 }], []).after).toEqual(after);
  });

  it('that begins with the first envelope has no place before it', () => {
    expect(logRange([{ partition: 0, sequence: 1, index: 0 }], [0, 1])).toEqual({
      after: [],
      partitions: [0, 1],
    });
  });
});
