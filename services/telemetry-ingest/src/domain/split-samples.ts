import type { Sample } from '@odograph/kernel/signal';
import type { QuarantinedSample } from '@odograph/kernel/vehicle-event';
import { type ClockBound, judgeSample } from './believable.ts';
import type { ReadableSample } from './report.ts';

/** The samples of a report in two parts: every signal is in exactly one of them. */
interface SplitSamples {
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
    const { setAside: signals, findings } = judgement;
    setAside.push({ sampleIndex, sample: { observedAtMs, signals }, clockText, findings });
  });
  return { believed, setAside };
}

function hasSignals(signals: Sample['signals']): boolean {
  return Object.keys(signals).length > 0;
}

/** How many findings of one event keep their description. */
export const DESCRIBED_FINDINGS = 200;

/**
 * Limits the size of the findings: a report of 256 KiB can have more than 10,000 bad signals, and a description for each
 * would exceed an envelope. After 200 findings a sample keeps only its first, without a description.
 */
export function abridgeFindings(setAside: readonly QuarantinedSample[]): readonly QuarantinedSample[] {
  let written = 0;
  return setAside.map((sample) => {
    written += sample.findings.length;
    if (written <= DESCRIBED_FINDINGS) return sample;
    const findings = sample.findings.slice(0, 1).map((finding) => ({ ...finding, description: '' }));
    return { ...sample, findings };
  });
}
