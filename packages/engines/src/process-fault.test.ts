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
  expect(lines).toHaveLength(3);
  expect(lines.at(-1)).toBe('  line 39');
});

test('a log that is missing or empty is reported as empty', () => {
  expect(new ProcessFault('it ended', file).message).toBe(`it ended; ${file} is empty`);
});

test('of JSON logs only warnings and errors are shown, each in a line without its stack', async () => {
  const time = '2026-11-29T01:00:00.000Z';
  const err = { type: 'Fault', message: 'no database', stack: `Fault: no database\n${'at x '.repeat(500)}` };
  const attr = { error: { errmsg: 'Address already in use' } };
  const lines = [
    { level: 'error', time, msg: 'the service did not start', err },
    { level: 'info', time, msg: 'draining' },
    { t: { $date: time }, s: 'E', c: 'CONTROL', id: 1, msg: 'Failed to set up listener', attr },
    { t: { $date: time }, s: 'F', msg: '\n\n***aborting\n\n' },
    { t: { $date: time }, s: 'I', msg: 'Now exiting', attr: {} },
  ];
  await appendFile(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n    at run (x.ts:1)\n`);
  expect(new ProcessFault('it ended', file).message.split('\n')).toEqual([
    `it ended; the last lines of ${file}:`,
    `  ${time} error: the service did not start: no database`,
    `  ${time} E: Failed to set up listener {"error":{"errmsg":"Address already in use"}}`,
    `  ${time} F: ***aborting`,
  ]);
});

test('of a long log no piece of a line is shown', async () => {
  const line = JSON.stringify({ level: 'info', time: 'now', msg: 'x'.repeat(1_000) });
  await appendFile(file, `${line}\n`.repeat(100));
  expect(new ProcessFault('it ended', file).message).toBe(`it ended; ${file} has no error`);
});

test('a log without an error says so', async () => {
  await appendFile(file, '{"level":"info","time":"now","msg":"starting"}\n');
  expect(new ProcessFault('it ended', file).message).toBe(`it ended; ${file} has no error`);
});
