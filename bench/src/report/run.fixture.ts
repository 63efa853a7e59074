import { measureOf, withRatio } from './measure.ts';
import type { BenchRun, Measure } from './run-record.ts';

export const RAW = 'raw journaled insertMany';

/** A run of three repeats with one ratio, to a reference of 100, 200 and 100 events per second. */
export function runWith(ours: readonly number[], better: Measure['better'] = 'higher'): BenchRun {
  const raw = measureOf({ name: RAW, unit: 'events/s', better: 'higher' }, [100, 200, 100]);
  return runOf(raw, withRatio(measureOf({ name: 'sustained', unit: 'events/s', better }, ours), raw));
}

export function runOf(...measures: readonly Measure[]): BenchRun {
  return {
    schemaVersion: 1,
    commit: '0123456789abcdef',
    date: '2026-05-01T06:00:00.000Z',
    machine: {
      cpus: 2,
      model: 'A & B <CPU>',
      memoryGib: 7.8,
      kernel: '6.1',
      node: '24.1.0',
      mongo: '6.0.5',
      nats: '2.15.1',
    },
    form: 'quick',
    measures: [...measures],
    notMeasured: [],
  };
}
