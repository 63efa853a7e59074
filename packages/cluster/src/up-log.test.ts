import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openUpLog, readUpLog, STARTING } from './up-log.ts';

test('what is read of up.log is the last run, whose messages may have several lines', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'odograph-up-log-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const log = openUpLog(dataDir, (line) => expect.unreachable(line));
  for (const line of [STARTING, 'history was killed by SIGKILL', STARTING, 'two\n  lines', 'stopped'])
    log(line);
  expect(readUpLog(dataDir).map(({ message }) => message)).toEqual(['two\n  lines', 'stopped']);
});
