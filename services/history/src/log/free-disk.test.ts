import { Fault } from '@odograph/kernel/fault';
import { silentLogger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import { watchFreeDisk } from './free-disk.ts';

test('MongoDB of no use says why in words of its own, not only that it does not answer', async () => {
  const db = { command: () => Promise.reject(new Error('Authentication failed.')) } as unknown as Db;
  const asFault = (error: unknown) =>
    new Fault('UNAVAILABLE', `MongoDB refuses the login (${(error as Error).message})`);
  const trouble = new Trouble({ logger: silentLogger, message: 'the free disk is not known' });
  const disk = watchFreeDisk({ db, asFault }, trouble);
  await expect.poll(() => disk.failsFor(0)).toBe('MongoDB refuses the login (Authentication failed.)');
  expect(disk.failsFor(60_000)).toBeUndefined();
  disk.stop();
});
