import { expect, test } from 'vitest';
import { drawInput, SCRIPTS } from './inputs/input.ts';
import { runFuzz } from './run.ts';
import { describeViolation } from './verdict.ts';

const SEED = 1;
const MESSAGES = 2_000;
/** One of each kind that takes no more than two seconds. A long run has them all. */
const QUICK_SCRIPTS = [
  'repeated fields, history',
  'repeated fields, ingest',
  'PING flood, ingest',
  'SETTINGS flood, history',
  'binary headers that HPACK repeats, history',
  'headers that a library would log, ingest',
  'unknown paths, history',
  'unknown paths, ingest',
  'calls, then GOAWAY, history',
  'many subscribers from the start',
  'pages with foreign tokens',
  'decisions on one vehicle',
];

function* inputs() {
  for (const wanted of QUICK_SCRIPTS)
    yield drawInput(
      SEED,
      SCRIPTS.findIndex(({ name }) => name === wanted),
    );
  for (let at = 0; at < MESSAGES; at += 1) yield drawInput(SEED, SCRIPTS.length + at);
}

test('a client that behaves well is served while others send hostile inputs', async () => {
  const { violations, keptIn, acknowledged } = await runFuzz({ inputs: inputs() });
  const described = violations.map((violation) => describeViolation(violation, SEED));
  expect(described, `data and logs in ${keptIn}`).toEqual([]);
  expect(acknowledged).toBeGreaterThan(50);
});
