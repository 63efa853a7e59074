/**
 * Throws mutated messages, hostile HTTP/2 and hostile sequences of calls at a platform, while a canary is served.
 * Exit code: 1 if a rule was broken, 130 if it was interrupted.
 */
import { Command, Option } from 'commander';
import { contractMethods } from '../src/contract.ts';
import { drawInput, SCRIPTS } from '../src/inputs/draw-input.ts';
import type { Input } from '../src/inputs/input.ts';
import { describeViolation, reportOf } from '../src/report.ts';
import { type FuzzProgress, runFuzz } from '../src/run.ts';

const count = (text: string) => Number.parseInt(text, 10);

const { seed, inputs, from, only } = new Command('fuzz')
  .description('Throws hostile inputs at a platform, and judges how a client that behaves well is served')
  .option('--seed <number>', 'seed of all inputs', count, Date.now() % 2 ** 31)
  .option('--inputs <count>', 'number of inputs', count, 1_000_000)
  .option('--from <number>', 'the first input', count, 0)
  .addOption(new Option('--only <name>', 'run only this script').choices(SCRIPTS.map(({ name }) => name)))
  .parse()
  .opts<{ seed: number; inputs: number; from: number; only?: string }>();

const drawn = `--seed ${seed}${only === undefined ? '' : ` --only "${only}"`}`;

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
// `exit` also ends the child processes, which the signal alone does not.
process.once('SIGTERM', () => process.exit(143));

function* drawAll(): Generator<Input> {
  const methods = contractMethods();
  for (let number = from; number < from + inputs; number += 1) yield drawInput(methods, seed, number, only);
}

const PROGRESS_MS = 10_000;
let nextProgressAtMs = performance.now() + PROGRESS_MS;
let printed = 0;
function printProgress({ inputs: sent, violations }: FuzzProgress): void {
  for (const violation of violations.slice(printed))
    console.log(describeViolation(violation, drawn).join('\n'));
  printed = violations.length;
  if (performance.now() < nextProgressAtMs) return;
  nextProgressAtMs = performance.now() + PROGRESS_MS;
  console.log(`${sent} of ${inputs} inputs, ${violations.length} rules broken`);
}

console.log(`${inputs} inputs from ${from}, seed ${seed}`);
const result = await runFuzz({ inputs: drawAll(), signal: stopping.signal, onProgress: printProgress });
console.log(`\n${reportOf(result, drawn)}`);
if (stopping.signal.aborted) process.exitCode = 130;
if (result.violations.length > 0) process.exitCode = 1;
