import { mergeSignals } from '../signal-merge.ts';
import { compareSampleKeys, type RecordedSample } from './recorded-sample.ts';

/** The samples in order of their places, each place once: those that have the same are one, of the greater readings. */
export function settle(samples: readonly RecordedSample[]): readonly RecordedSample[] {
  if (isSettled(samples)) return samples;
  const settled: RecordedSample[] = [];
  for (const sample of samples.toSorted(compareSampleKeys)) {
    const last = settled.at(-1);
    if (last === undefined || compareSampleKeys(last, sample) !== 0) settled.push(sample);
    else settled[settled.length - 1] = { ...last, signals: mergeSignals(last.signals, sample.signals) };
  }
  return settled;
}

function isSettled(samples: readonly RecordedSample[]): boolean {
  for (let at = 1; at < samples.length; at += 1) {
    if (compareSampleKeys(samples[at - 1] as RecordedSample, samples[at] as RecordedSample) >= 0)
      return false;
  }
  return true;
}
