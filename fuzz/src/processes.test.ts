import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Processes } from './processes.ts';

let folder: string;
let processes: Processes;
/** What the supervisor says of history. */
let history: { pid: number | undefined; crashes: number };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'odograph-processes-'));
  history = { pid: undefined, crashes: 0 };
  const nodes = [
    { name: 'history-1', pid: () => history.pid, crashes: () => history.crashes },
    { name: 'ingest', pid: () => undefined, crashes: () => 3 },
  ] as const;
  for (const { name } of nodes) writeFileSync(join(folder, `${name}.log`), '');
  processes = new Processes(
    { nodes, histories: [nodes[0]], caches: [], alertings: [], ingest: nodes[1] },
    folder,
  );
});

afterEach(() => {
  processes.stop();
  rmSync(folder, { recursive: true });
});

test('the next look says that a process has ended, and the one after it does not', () => {
  expect(processes.look()).toEqual([]);
  history.crashes += 1;
  expect(processes.look()).toEqual([{ rule: 'no process ends', detail: 'history-1 ended' }]);
  expect(processes.look()).toEqual([]);
});

test('a service may log a MiB from one look to the next', () => {
  const log = (bytes: number) => appendFileSync(join(folder, 'ingest.log'), 'x'.repeat(bytes));
  log(1024 ** 2);
  expect(processes.look()).toEqual([]);
  log(1024 ** 2 + 1);
  const detail = 'ingest logged 1048577 bytes';
  expect(processes.look()).toEqual([{ rule: 'callers do not fill the log', detail }]);
});

test('the memory of a service that is gone is not 0', async () => {
  const [holder] = processes.holders();
  await expect(holder?.liveMib()).rejects.toThrow('history-1 is not up');
  await expect(processes.rememberStart()).rejects.toThrow('history-1 is not up');
});

test('the most that a service had is kept after it has ended', () => {
  history.pid = process.pid;
  processes.look();
  history.pid = undefined;
  processes.look();
  expect(processes.peaksMib()['history-1']).toBeGreaterThan(10);
  expect(processes.peaksMib()['ingest']).toBe(0);
});
