import { describe, expect, test } from 'vitest';
import type { AlertRecord } from '../domain/alert-record.ts';
import { AlertWatch, MAX_WAITING } from './alert-feed.ts';

const record = (id: string, more: Partial<AlertRecord> = {}) =>
  ({ id, phase: 'firing', ...more }) as AlertRecord;
const acknowledged = { by: 'ada', note: '', atMs: 1 };

/** A watch of alerts of which no person takes care, which has begun with these. */
function begun(...records: readonly AlertRecord[]): AlertWatch {
  const watch = new AlertWatch((each) => each.acknowledged === undefined);
  expect(watch.takeBeginning()).toBe(true);
  watch.sends(records);
  watch.begun();
  return watch;
}

const idsOf = (watch: AlertWatch) => {
  const { changed, leftIds } = watch.take();
  return [changed.map(({ id, phase }) => `${id} ${phase}`), leftIds];
};

describe('a watch of alerts', () => {
  test('gets the newest of each, and the end of those that it has', () => {
    const watch = begun(record('a'));
    for (const phase of ['recovering', 'firing', 'resolved'] as const) watch.push(record('a', { phase }));
    watch.push(record('b'));
    expect(idsOf(watch)).toEqual([['a resolved', 'b firing'], []]);
    expect(idsOf(watch)).toEqual([[], []]);
  });

  test('hears of those that it has and would not get any more, once, and of no others', () => {
    const watch = begun(record('a'));
    watch.push(record('a', { acknowledged }));
    watch.push(record('never had', { acknowledged }));
    watch.push(record('b'));
    watch.push(record('b', { acknowledged }));
    expect(idsOf(watch)).toEqual([[], ['a']]);
    watch.push(record('a', { acknowledged, phase: 'resolved' }));
    expect(idsOf(watch)).toEqual([[], []]);
  });

  test('hears of one that leaves while it is sent what is there', () => {
    const watch = new AlertWatch((each) => each.acknowledged === undefined);
    watch.takeBeginning();
    watch.push(record('a', { acknowledged }));
    watch.push(record('b', { acknowledged }));
    // It was read before it was acknowledged.
    watch.sends([record('a')]);
    watch.begun();
    expect(idsOf(watch)).toEqual([[], ['a']]);
  });

  test('begins again with more changes than may wait, and not for a change of one that waits', () => {
    const watch = begun();
    for (let at = 0; at < MAX_WAITING; at += 1) watch.push(record(`a${at}`));
    watch.push(record('a7', { phase: 'resolved' }));
    expect(watch.takeBeginning()).toBe(false);
    watch.push(record('one more'));
    expect([watch.takeBeginning(), idsOf(watch)]).toEqual([true, [[], []]]);
  });
});
