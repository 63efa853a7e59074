import { ratiosIn } from './measure.ts';
import type { BenchRun, Machine, Measure } from './run-record.ts';

const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** No measure of the bench is more exact than three digits. */
export function inThreeDigits(value: number): string {
  return threeDigits.format(value);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Rows in columns, two spaces apart: the first column is aligned left, the others right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  return rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
}

const HEADINGS = ['', 'median', 'unit', 'min – median – max', 'ratio', 'of', 'min – median – max'];

/** A run of the bench as text: each measure with its ratio, then what was not measured. */
export function benchReport(run: BenchRun): string {
  const rows = run.measures.map((measure) => [
    measure.name,
    inThreeDigits(measure.value),
    measure.unit,
    rangeOf(measure.repeats, measure.value),
    ...ratioCells(run, measure),
  ]);
  const missing = run.notMeasured.map(({ name, why }) => `${name}: not measured, ${why}`);
  return [headOf(run), '', textTable([HEADINGS, ...rows]), ...missing].join('\n');
}

function headOf({ commit, date, form, machine }: BenchRun): string {
  return `${form} run of ${commit.slice(0, 8)}, ${date}\n${machineLine(machine)}`;
}

function machineLine({ cpus, model, memoryGib, kernel, node, mongo, nats, probe }: Machine): string {
  const parts = `${cpus} × ${model}, ${memoryGib} GiB, kernel ${kernel}, Node ${node}, MongoDB ${mongo}, NATS ${nats}`;
  if (!probe) return parts;
  return `${parts}\nan fsync took ${probe.fsyncMs} ms, a core wrote and read ${probe.jsonMibPerSecond} MiB/s of JSON`;
}

function ratioCells(run: BenchRun, measure: Measure): readonly string[] {
  if (measure.ratioTo === undefined) return [];
  const { name, value } = measure.ratioTo;
  return [`${inThreeDigits(value)}×`, name, rangeOf(ratiosIn(run, measure), value)];
}

/** Empty for a single repeat. */
function rangeOf(repeats: readonly number[], middle: number): string {
  if (repeats.length < 2) return '';
  return [Math.min(...repeats), middle, Math.max(...repeats)].map(inThreeDigits).join(' – ');
}
