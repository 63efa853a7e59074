import { appendFile, mkdtemp, rm, stat } from 'node:fs/promises';
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

const logOf = (logFrom = 0) => ({ pid: 7, logFile: file, logFrom });

test('the last lines are shown below what happened', async () => {
  await appendFile(file, `${Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n')}\n`);
  const fault = new ProcessFault('it ended', logOf());
  const [first, ...lines] = fault.message.split('\n');
  expect(fault.headline).toBe('it ended');
  expect(first).toBe(`it ended; the last lines of ${file}:`);
  expect(lines).toHaveLength(3);
  expect(lines.at(-1)).toBe('  line 39');
});

test('a log that is missing or empty is reported as empty', () => {
  expect(new ProcessFault('it ended', logOf()).message).toBe(`it ended; it has written nothing to ${file}`);
});

test('of JSON logs only warnings and errors are shown, each in a line without its stack', async () => {
  const time = '2026-11-29T01:00:00.000Z';
  const err = { type: 'Fault', message: 'no database', stack: `Fault: no database\n${'at x '.repeat(500)}` };
  const attr = { error: { errmsg: 'Address already in use' } };
  const lines = [
    { level: 'error', time, pid: 7, msg: 'the service did not start', err },
    { level: 'info', time, pid: 7, msg: 'draining' },
    { level: 'error', time, pid: 6, msg: 'of an earlier process' },
    { t: { $date: time }, s: 'E', c: 'CONTROL', id: 1, msg: 'Failed to set up listener', attr },
    { t: { $date: time }, s: 'F', msg: '\n\n***aborting\n\n' },
    { t: { $date: time }, s: 'I', msg: 'Now exiting', attr: {} },
  ];
  await appendFile(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n    at run (x.ts:1)\n`);
  expect(new ProcessFault('it ended', logOf()).message.split('\n')).toEqual([
    `it ended; the last lines of ${file}:`,
    `  ${time} error: the service did not start: no database`,
    `  ${time} E: Failed to set up listener: Address already in use`,
    `  ${time} F: ***aborting`,
  ]);
});

test('of a line of MongoDB the reason is shown, not the values for programs around it', async () => {
  const errorOf = (msg: string, attr: object) => JSON.stringify({ t: { $date: 'T' }, s: 'E', msg, attr });
  const lines = [
    errorOf('WiredTiger error message', {
      error: 28,
      message: {
        ts_sec: 1,
        thread: '1:0x7f',
        msg: 'db/x.wt: failed to write 4096 bytes',
        error_str: 'No space',
      },
    }),
    errorOf('Writing fatal message', { message: 'DBException: 28: No space\nActual exception type: X\n\n' }),
    errorOf('Failed to start', { code: 7 }),
  ];
  await appendFile(file, `${lines.join('\n')}\n`);
  expect(new ProcessFault('it ended', logOf()).message.split('\n').slice(1)).toEqual([
    '  T E: WiredTiger error message: No space: db/x.wt: failed to write 4096 bytes',
    '  T E: Writing fatal message: DBException: 28: No space',
    '  T E: Failed to start {"code":7}',
  ]);
});

test('what controls a terminal is shown, whatever wrote it', async () => {
  const time = '\u009b2J';
  const json = {
    level: 'error',
    time,
    pid: 7,
    msg: 'bad name',
    err: { message: 'it is \u009b31mred\u001b[0m' },
  };
  await appendFile(file, `E failed to add \u009d0;title\u0007\n${JSON.stringify(json)}\n`);
  const fault = new ProcessFault('it ended', logOf());
  expect(fault.headline).toBe('it ended: error: bad name: it is \\u009b31mred\\u001b[0m');
  expect(fault.message.split('\n').slice(1)).toEqual([
    '  E failed to add \\u009d0;title\\u0007',
    '  \\u009b2J error: bad name: it is \\u009b31mred\\u001b[0m',
  ]);
});

test('of a long log no piece of a line is shown', async () => {
  const line = JSON.stringify({ level: 'info', time: 'now', msg: 'x'.repeat(1_000) });
  await appendFile(file, `${line}\n`.repeat(100));
  expect(new ProcessFault('it ended', logOf()).message).toBe(`it ended; ${file} has no error of it`);
});

test('a log without an error says so', async () => {
  await appendFile(file, '{"level":"info","time":"now","msg":"starting"}\n');
  expect(new ProcessFault('it ended', logOf()).message).toBe(`it ended; ${file} has no error of it`);
});

test('what the log had before the process is not shown, and its last error is in the headline', async () => {
  await appendFile(file, '{"t":{"$date":"T"},"s":"E","msg":"of an earlier process"}\n');
  const { size } = await stat(file);
  expect(new ProcessFault('it ended', logOf(size)).message).toBe(
    `it ended; it has written nothing to ${file}`,
  );
  await appendFile(
    file,
    '{"t":{"$date":"T"},"s":"E","msg":"no disk"}\n{"t":{"$date":"T"},"s":"W","msg":"slow"}\n',
  );
  const fault = new ProcessFault('it ended', logOf(size));
  expect(fault.headline).toBe('it ended: E: no disk');
  expect(fault.message).toBe(`it ended; the last lines of ${file}:\n  T E: no disk\n  T W: slow`);
});

test('of the log of NATS only warnings and errors are shown', async () => {
  const at = '[7] 2026/11/29 08:43:47.123456';
  await appendFile(file, `${at} [ERR] Server is not ready\n${at} [INF] Server is ready\n`);
  const fault = new ProcessFault('it ended', logOf());
  expect(fault.headline).toBe('it ended: ERR: Server is not ready');
  expect(fault.message).toBe(
    `it ended; the last lines of ${file}:\n  2026/11/29 08:43:47.123456 ERR: Server is not ready`,
  );
});
