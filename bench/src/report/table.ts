import { ratiosIn } from './measure.ts';
import type { BenchRun, Machine, Measure } from './results.ts';
import { inColumns, inThreeDigits } from './words.ts';

const HEADINGS = ['', 'median', 'unit', 'min – median – max', 'ratio', 'of', 'min – median – max'];

/** A run as a table: each measure, and beside it its ratio where it has one; what was not measured is said below. */
export function runTable(run: BenchRun): string {
  const rows = run.measures.map((measure) => [
    measure.name,
    inThreeDigits(measure.value),
    measure.unit,
    rangeOf(measure.repeats, measure.value),
    ...ratioCells(run, measure),
  ]);
  const missing = run.notMeasured.map(({ name, why }) => `${name}: not measured, ${why}`);
  return [headOf(run), '', inColumns([HEADINGS, ...rows]), ...missing].join('\n');
}

function headOf({ commit, date, form, machine }: BenchRun): string {
  return `${form} run of ${commit.slice(0, 8)}, ${date}\n${machineLine(machine)}`;
}

function machineLine({ cpus, model, memoryGib, kernel, node, mongo, nats }: Machine): string {
  return `${cpus} × ${model}, ${memoryGib} GiB, kernel ${kernel}, Node ${node}, MongoDB ${mongo}, NATS ${nats}`;
}

function ratioCells(run: BenchRun, measure: Measure): readonly string[] {
  if (measure.ratioTo === undefined) return [];
  const { name, value } = measure.ratioTo;
  return [`${inThreeDigits(value)}×`, name, rangeOf(ratiosIn(run, measure), value)];
}

/** Empty where there is nothing to be between. */
function rangeOf(repeats: readonly number[], middle: number): string {
  if (repeats.length < 2) return '';
  return [Math.min(...repeats), middle, Math.max(...repeats)].map(inThreeDigits).join(' – ');
}
