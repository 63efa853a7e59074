import type { FuzzResult } from './run.ts';
import type { Violation } from './verdict/violation.ts';

/**
 * The printed report of a run: what the canary waited, the violations with the command that repeats each, the conclusion.
 * @param drawn the options with which the inputs were drawn, such as `--seed 7`.
 */
export function reportOf(result: FuzzResult, drawn: string): string {
  const { inputs, violations, slowestMs, peakMib, acknowledged, seconds, keptIn, notSeenAgain } = result;
  const slowest = Object.entries(slowestMs).map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`);
  const head = [
    `${inputs} inputs in ${seconds.toFixed(0)} s, ${acknowledged} reports of the canary acknowledged`,
    `the canary waited at most: ${slowest.join(', ')}`,
    `memory at most: history ${peakMib.history.toFixed(0)} MiB, ingest ${peakMib.ingest.toFixed(0)} MiB`,
  ];
  if (notSeenAgain > 0)
    head.push(`${notSeenAgain} delays were not seen again when their inputs were repeated`);
  if (violations.length === 0) return [...head, 'no input broke a rule'].join('\n');
  return [
    ...head,
    ...violations.flatMap((violation) => describeViolation(violation, drawn)),
    `${violations.length} rules were broken; data and logs are in ${keptIn}`,
  ].join('\n');
}

/** A violation, and the command that repeats it. */
export function describeViolation(
  { rule, detail, inputs, count }: Violation,
  drawn: string,
): readonly string[] {
  const [first] = inputs;
  const often = count > 1 ? ` (${count} times)` : '';
  const broken = `  ✗ ${rule}: ${detail}${often}`;
  if (!first) return [broken];
  return [
    broken,
    `    input ${first.number}: ${inputs.length > 1 ? `one of ${inputs.length} messages` : first.name}`,
    `    repeat it: make fuzz INPUTS=${inputs.length} ARGS='${drawn} --from ${first.number}'`,
  ];
}
