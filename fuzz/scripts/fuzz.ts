/**
 * Throws mutated messages, hostile HTTP/2 and hostile sequences of calls at a platform, while a canary is served.
 * Exit code: 1 if a rule was broken, 130 if it was interrupted.
 */
import { countArgument, wholeNumberArgument } from '@odograph/testing/number-arguments';
import { Command } from 'commander';
import { drawInput } from '../src/inputs/input.ts';
import { type FuzzResult, runFuzz } from '../src/run.ts';
import { describeViolation, type Violation } from '../src/verdict.ts';

const { seed, inputs, from } = new Command('fuzz')
  .description('Throws hostile inputs at a platform, and judges how a client that behaves well is served')
  .option('--seed <number>', 'seed of all inputs', wholeNumberArgument, Date.now() % 2 ** 31)
  .option('--inputs <count>', 'number of inputs', countArgument, 1_000_000)
  .option('--from <number>', 'the first input', wholeNumberArgument, 0)
  .parse()
  .opts<{ seed: number; inputs: number; from: number }>();

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
// `exit` also ends the child processes, which the signal alone does not.
process.once('SIGTERM', () => process.exit(143));

function* drawAll() {
  for (let number = from; number < from + inputs; number += 1) yield drawInput(seed, number);
}

function reportOf({ violations, ...result }: FuzzResult): string {
  const list = (of: Readonly<Record<string, number>>, unit: string) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${value} ${unit}`)
      .join(', ');
  return [
    `${result.inputs} inputs in ${result.seconds.toFixed(0)} s, ${result.acknowledged} reports of the canary acknowledged`,
    `the canary waited at most: ${list(result.slowestMs, 'ms')}`,
    `memory at most: ${list(result.peaksMib, 'MiB')}`,
    `delays that were not seen again when their inputs were repeated: ${result.notSeenAgain.length}`,
    ...result.notSeenAgain.map(({ rule, detail }) => `  ${rule}: ${detail}`),
    violations.length === 0
      ? 'no input broke a rule'
      : `${violations.length} rules were broken; data and logs are in ${result.keptIn}`,
  ].join('\n');
}

const PROGRESS_MS = 10_000;
let nextProgressAtMs = performance.now() + PROGRESS_MS;
let printed = 0;
function onProgress(sent: number, violations: readonly Violation[]): void {
  for (const violation of violations.slice(printed)) console.log(describeViolation(violation, seed));
  printed = violations.length;
  if (performance.now() < nextProgressAtMs) return;
  nextProgressAtMs = performance.now() + PROGRESS_MS;
  console.log(`${sent} of ${inputs} inputs, ${violations.length} rules broken`);
}

console.log(`${inputs} inputs from ${from}, seed ${seed}`);
const result = await runFuzz({ inputs: drawAll(), signal: stopping.signal, onProgress });
console.log(`\n${reportOf(result)}`);
if (stopping.signal.aborted) process.exitCode = 130;
if (result.violations.length > 0) process.exitCode = 1;
