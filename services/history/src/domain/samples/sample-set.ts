import { compareSampleKeys, type RecordedSample } from '@odograph/projections/recorded-sample';
import { mergeSignals } from '@odograph/projections/signal-merge';

/** Sorts samples by key and merges those with the same key. */
export function sortAndMerge(samples: readonly RecordedSample[]): readonly RecordedSample[] {
  if (isSorted(samples)) return samples;
  const sorted: RecordedSample[] = [];
  for (const sample of samples.toSorted(compareSampleKeys)) {
    const last = sorted.at(-1);
    if (last === undefined || compareSampleKeys(last, sample) !== 0) sorted.push(sample);
    else sorted[sorted.length - 1] = { ...last, signals: mergeSignals(last.signals, sample.signals) };
  }
  return sorted;
}

function isSorted(samples: readonly RecordedSample[]): boolean {
  for (let at = 1; at < samples.length; at += 1) {
    if (compareSampleKeys(samples[at - 1] as RecordedSample, samples[at] as RecordedSample) >= 0)
      return false;
  }
  return true;
}
