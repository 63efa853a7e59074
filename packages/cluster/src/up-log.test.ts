import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openUpLog, readUpLog, STARTING } from './up-log.ts';

function makeDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'odograph-up-log-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  return dataDir;
}

test('what is read of up.log is the last run, whose messages may have several lines', () => {
  const dataDir = makeDataDir();
  const log = openUpLog(dataDir, (line) => expect.unreachable(line));
  for (const line of [STARTING, 'history was killed by SIGKILL', STARTING, 'two\n  lines', 'stopped'])
    log(line);
  expect(readUpLog(dataDir).map(({ message }) => message)).toEqual([STARTING, 'two\n  lines', 'stopped']);
});

test('on a full disk each line is noted as one that cannot be written, and nothing else fails', () => {
  const dataDir = makeDataDir();
  const file = join(dataDir, 'up.log');
  symlinkSync('/dev/full', file);
  const notes: string[] = [];
  const log = openUpLog(dataDir, (line) => notes.push(line));
  for (const line of [STARTING, 'stopped']) log(line);
  const note = `${file} cannot be written: ENOSPC: no space left on device, write`;
  expect(notes).toEqual([note, note]);
  expect(readUpLog(dataDir)).toEqual([]);
});
