import { measureOf } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import type { Driven } from './run-drive.ts';

/** Called with a drive, the form of its reports, and how many of them a second became visible. */
export type OnDriven = (driven: Driven, form: string, perSecond: number) => void;

/** What a report costs each process end to end, in microseconds of processor time. */
interface ProcessorTimes {
  readonly add: OnDriven;
  measures(): readonly Measure[];
}

export function createProcessorTimes(): ProcessorTimes {
  const repeats = new Map<string, number[]>();
  const note = (name: string, value: number) => {
    const known = repeats.get(name);
    if (known) known.push(value);
    else repeats.set(name, [value]);
  };
  return {
    add({ usage, load }, form, perSecond) {
      const shares = { ...usage, 'load generator': load };
      const micros = Object.entries(shares).map(
        ([stage, { cpuShare }]) => [stage, (cpuShare * 1e6) / perSecond] as const,
      );
      for (const [stage, value] of micros) note(`processor time of ${stage}, ${form}`, value);
      note(
        `processor time of all, ${form}`,
        micros.reduce((sum, [, value]) => sum + value, 0),
      );
    },
    measures: () =>
      Array.from(repeats, ([name, values]) =>
        measureOf({ name, unit: 'µs/report', better: 'lower' }, values),
      ),
  };
}
