import { expect, test } from 'vitest';
import { contractMethods } from './contract.ts';
import { drawInput, SCRIPTS } from './inputs/draw-input.ts';
import type { Input } from './inputs/input.ts';
import { describeViolation } from './report.ts';
import { runFuzz } from './run.ts';

const SEED = 1;
const MESSAGES = 2_000;
/** One of each kind that takes no more than a second. A long run has them all. */
const QUICK_SCRIPTS: readonly string[] = [
  'repeated fields, history',
  'repeated fields, ingest',
  'PING flood, ingest',
  'SETTINGS flood, history',
  'unknown paths, history',
  'unknown paths, ingest',
  'pages with foreign tokens',
  'decisions on one vehicle',
];

function* inputs(): Generator<Input> {
  const methods = contractMethods();
  for (const name of QUICK_SCRIPTS) yield drawInput(methods, SEED, 0, name);
  for (let number = SCRIPTS.length; number < SCRIPTS.length + MESSAGES; number += 1) {
    yield drawInput(methods, SEED, number);
  }
}

test('a client that behaves well is served while others send hostile inputs', async () => {
  const { violations, keptIn, acknowledged } = await runFuzz({ inputs: inputs() });
  const described = violations.flatMap((violation) => describeViolation(violation, `--seed ${SEED}`));
  expect(described, `data and logs in ${keptIn}`).toEqual([]);
  expect(acknowledged).toBeGreaterThan(50);
});
