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

  it('may have partitions that are read from their start', () => {
    expect(logRange([{ partition: 1, sequence: 20 }], [0, 1])).toEqual({
      after: [{ partition: 1, sequence: 19 }],
      partitions: [0, 1],
    });
  });

  it('uses every position that is given, or is refused', () => {
    const refusal = (message: string) => expect.objectContaining({ code: 'INVALID_INPUT', message });
    expect(() => logRange([{ partition: 0, sequence: 5 }], [1, 2])).toThrow(
      refusal('--from 0/5 is not of --partition 1, 2: leave one out, or add --partition 0'),
    );
    const two = [
      { partition: 0, sequence: 1 },
      { partition: 0, sequence: 9, index: 2 },
    ];
    expect(() => logRange(two)).toThrow(
      refusal('--from 0/1 and --from 0/9/2 are of one partition: leave one out'),
    );
  });
});
