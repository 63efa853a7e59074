import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProcessFault } from './process-fault.ts';

let place: string;
let file: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-log-'));
  file = join(place, 'it.log');
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

test('the last lines are shown below what happened', async () => {
  await appendFile(file, `${Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n')}\n`);
  const fault = new ProcessFault('it ended', file);
  const [first, ...lines] = fault.message.split('\n');
  expect(fault.headline).toBe('it ended');
  expect(first).toBe(`it ended; the last lines of ${file}:`);
  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).toBe('  line 39');
});

test('a log that is missing or empty is reported as empty', () => {
  expect(new ProcessFault('it ended', file).message).toBe(`it ended; ${file} is empty`);
});
