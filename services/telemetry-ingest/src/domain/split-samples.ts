import type { Sample } from '@odograph/kernel/signal';
import type { QuarantinedSample } from '@odograph/kernel/vehicle-event';
import { type ClockBound, judgeSample } from './believable.ts';
import type { ReadableSample } from './report.ts';

/** A report's samples in two: every signal that was sent lies on exactly one side. */
export interface SplitSamples {
  readonly believed: readonly Sample[];
  readonly setAside: readonly QuarantinedSample[];
}

export function splitSamples(samples: readonly ReadableSample[], clock: ClockBound): SplitSamples {
  const believed: Sample[] = [];
  const setAside: QuarantinedSample[] = [];
  samples.forEach((sample, sampleIndex) => {
    const { observedAtMs, clockText } = sample;
    const judgement = judgeSample(sample, clock);
    if (hasSignals(judgement.believed)) believed.push({ observedAtMs, signals: judgement.believed });
    if (!hasSignals(judgement.setAside)) return;
    const { setAside: signals, reasons } = judgement;
    setAside.push({ sampleIndex, sample: { observedAtMs, signals }, clockText, findings: reasons });
  });
  return { believed, setAside };
}

function hasSignals(signals: Sample['signals']): boolean {
  return Object.keys(signals).length > 0;
}

/** How many reasons of one event are written out in full. */
const REASONS_IN_WORDS = 200;

/**
 * Bounds what the reasons add to an event. A report of 256 KiB can hold more than 10,000 bad signals, and words for each
 * would make the event larger than an envelope. Past the first 200 reasons a sample keeps only its first, without words;
 * the signals set aside are all there, so the rest can be worked out again.
 */
export function abridgeReasons(setAside: readonly QuarantinedSample[]): readonly QuarantinedSample[] {
  let written = 0;
  return setAside.map((sample) => {
    written += sample.findings.length;
    if (written <= REASONS_IN_WORDS) return sample;
    const findings = sample.findings.slice(0, 1).map((finding) => ({ ...finding, description: '' }));
    return { ...sample, findings };
  });
}
