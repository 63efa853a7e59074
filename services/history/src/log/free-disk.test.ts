import { Fault } from '@odograph/kernel/fault';
import { silentLogger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import type { Db } from 'mongodb';
import { expect, onTestFinished, test, vi } from 'vitest';
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

test('MongoDB that does not answer is logged after 2 s, and has failed for longer from question to question', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const questions: PromiseWithResolvers<object>[] = [];
  const command = () => {
    const question = Promise.withResolvers<object>();
    questions.push(question);
    return question.promise;
  };
  const warn = vi.fn();
  const info = vi.fn();
  const trouble = new Trouble({ logger: { warn, info }, message: 'the free disk is not known' });
  const asFault = (error: unknown) => error as Fault;
  const disk = watchFreeDisk({ db: { command } as unknown as Db, asFault }, trouble);
  onTestFinished(() => disk.stop());
  await vi.advanceTimersByTimeAsync(1_999);
  expect(warn).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    { err: expect.objectContaining({ message: 'MongoDB has not answered for 2000 ms' }) },
    'the free disk is not known',
  );
  questions[0]?.reject(new Fault('UNAVAILABLE', 'MongoDB does not answer'));
  await vi.advanceTimersByTimeAsync(8_000);
  expect(questions).toHaveLength(2);
  expect(disk.failsFor(10_000)).toBe('MongoDB has not answered for 2000 ms');
  expect(disk.failsFor(10_001)).toBeUndefined();
  questions[1]?.resolve({ fsUsedSize: 75, fsTotalSize: 100 });
  await vi.advanceTimersByTimeAsync(0);
  expect([disk.failsFor(1), disk.ratio()]).toEqual([undefined, 0.25]);
  expect(info).toHaveBeenCalledOnce();
});
