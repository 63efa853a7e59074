/** One line of what a service's metrics say. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads the Prometheus text format (version 0.0.4); comments and times are left out. */
export function parseMetrics(text: string): readonly MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** All values of a name, added up; 0 where there is none. */
export function sumOf(samples: readonly MetricSample[], name: string): number {
  return samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
}

/** How often a value was at most each upper bound, by the bounds. */
export type Buckets = ReadonlyMap<number, number>;

/** A histogram's buckets, added up over all its label sets that are wanted. */
export function bucketsOf(
  samples: readonly MetricSample[],
  name: string,
  isWanted: (labels: MetricSample['labels']) => boolean,
): Buckets {
  const buckets = new Map<number, number>();
  for (const { name: found, labels, value } of samples) {
    if (found !== `${name}_bucket` || !isWanted(labels)) continue;
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}

/**
 * A quantile of what was recorded between two scrapes of a histogram, in its own unit, as Prometheus's
 * `histogram_quantile` has it: linear within a bucket, and the highest finite bound for all above it.
 * Undefined where nothing was recorded, or the process began anew in between.
 */
export function quantileBetween(before: Buckets, after: Buckets, quantile: number): number | undefined {
  const counts = [...after]
    .map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }))
    .toSorted((a, b) => a.bound - b.bound);
  const total = counts.at(-1)?.count ?? 0;
  if (total <= 0 || counts.some(({ count }) => count < 0)) return undefined;
  const rank = quantile * total;
  const at = counts.findIndex(({ count }) => count >= rank);
  const { bound: low, count: below } = counts[at - 1] ?? { bound: 0, count: 0 };
  const { bound: high, count: through } = counts[at] as (typeof counts)[number];
  if (!Number.isFinite(high)) return low;
  return low + ((high - low) * (rank - below)) / (through - below);
}
