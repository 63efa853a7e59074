import type { ProcessExit } from '@odograph/engines/owned-process';
import { ProcessFault } from '@odograph/engines/process-fault';
import { Fault } from '@odograph/kernel/fault';
import { expect, test } from 'vitest';
import { type Child, SupervisedProcess } from './supervised-process.ts';

/** A child process that the test controls. */
function createFakeChild(pid: number): Child & { exit(exit: ProcessExit): void; readonly signals: string[] } {
  const exited = Promise.withResolvers<ProcessExit>();
  const signals: string[] = [];
  const kill = (signal: NodeJS.Signals) => {
    signals.push(signal);
    if (signal === 'SIGKILL') exited.resolve(killed);
  };
  return {
    ...{
      pid,
      title: 'it',
      endpoint: 'here',
      logFile: '/nowhere',
      logFrom: 0,
      exited: exited.promise,
      signals,
      kill,
    },
    exit: exited.resolve,
    stop: async () => {
      signals.push('SIGTERM');
      exited.resolve({ code: 0, signal: null });
    },
  };
}

const NO_LOG = { pid: 1, logFile: '/nowhere', logFrom: 0 };

type FakeChild = ReturnType<typeof createFakeChild>;

const killed: ProcessExit = { code: null, signal: 'SIGKILL' };

/** Supervises fake children; gives up at one more than `allowedExits`. */
function superviseFakes(
  allowedExits: number,
  launch: (child: FakeChild, signal: AbortSignal) => Promise<FakeChild> = async (child) => child,
) {
  const notes: string[] = [];
  const givenUp = Promise.withResolvers<unknown>();
  const waiting: ((child: FakeChild) => void)[] = [];
  const started: FakeChild[] = [];
  let count = 0;
  const it = new SupervisedProcess({
    name: 'it',
    limits: { firstDelayMs: 0, maxDelayMs: 0, maxExits: allowedExits + 1, windowMs: 1e6, maxDownMs: 1e6 },
    launch: (signal) => {
      count += 1;
      return launch(createFakeChild(count), signal);
    },
    onUp: (_name, child) => {
      const take = waiting.shift();
      if (take) take(child as FakeChild);
      else started.push(child as FakeChild);
    },
    onGivenUp: givenUp.resolve,
    note: (line) => notes.push(line),
  });
  const nextChild = async () =>
    started.shift() ?? (await new Promise<FakeChild>((done) => waiting.push(done)));
  return { it, notes, givenUp: givenUp.promise, nextChild };
}

test('a process that exits is restarted with a note, and counts as a crash', async () => {
  const { it, notes, nextChild } = superviseFakes(1);
  await it.start();
  (await nextChild()).exit(killed);
  const second = await nextChild();
  expect(it.pid()).toBe(2);
  expect(it.crashes()).toBe(1);
  expect(notes).toEqual(['it was killed by SIGKILL: restarting it in 0 s']);
  await it.stop();
  expect(second.signals).toEqual(['SIGCONT', 'SIGTERM']);
  expect(it.pid()).toBeUndefined();
});

test('too many exits are a fault that says why', async () => {
  const { it, givenUp, nextChild } = superviseFakes(1);
  await it.start();
  (await nextChild()).exit(killed);
  (await nextChild()).exit({ code: 3, signal: null });
  expect(await givenUp).toMatchObject({
    code: 'INTERNAL',
    message: 'it does not stay up, giving up: it ended with exit code 3; it has written nothing to /nowhere',
  });
  expect(it.pid()).toBeUndefined();
});

test('of a process that was killed nothing is quoted: it did not know', async () => {
  const { it, givenUp, nextChild } = superviseFakes(0);
  await it.start();
  (await nextChild()).exit(killed);
  expect(await givenUp).toMatchObject({
    message: 'it does not stay up, giving up: it was killed by SIGKILL',
  });
});

test('a start that fails counts as an exit, but not as a crash', async () => {
  const { it, notes } = superviseFakes(2, () => Promise.reject(new ProcessFault('no disk', NO_LOG)));
  await expect(it.start()).rejects.toThrow(
    'it does not stay up, giving up: no disk; it has written nothing to /nowhere',
  );
  expect(notes).toEqual(['no disk: restarting it in 0 s', 'no disk: restarting it in 0 s']);
  expect(it.crashes()).toBe(0);
});

test('a start that only a person can make succeed is not retried, and its fault is passed on', async () => {
  const refusal = new Fault('RULE_VIOLATED', 'the data is too old');
  const { it, notes, givenUp } = superviseFakes(2, () => Promise.reject(refusal));
  await expect(it.start()).rejects.toBe(refusal);
  expect(notes).toEqual([]);
  expect(await givenUp).toBe(refusal);
});

test('a programming error is not retried', async () => {
  const { it, notes, givenUp } = superviseFakes(2, () => Promise.reject(new TypeError('oops')));
  await expect(it.start()).rejects.toThrow('oops');
  expect(notes).toEqual([]);
  expect(await givenUp).toBeInstanceOf(TypeError);
});

test.each([
  ['stop', ['SIGCONT', 'SIGTERM']],
  ['kill', ['SIGKILL']],
] as const)('%s also ends a process that is still starting', async (end, signals) => {
  const opening = Promise.withResolvers<void>();
  let started: FakeChild | undefined;
  const { it } = superviseFakes(0, async (child) => {
    await opening.promise;
    started = child;
    return child;
  });
  const starting = expect(it.start()).rejects.toThrow('it was stopped while it was starting');
  const ended = it[end]();
  opening.resolve();
  await ended;
  await starting;
  expect(started?.signals).toEqual(signals);
  expect(it.pid()).toBeUndefined();
});

test('launch learns from its signal how to end what is starting', async () => {
  const { it } = superviseFakes(0, (_child, signal) => {
    return new Promise((_, fail) => {
      signal.addEventListener('abort', () => fail(new ProcessFault(`ended by ${signal.reason}`, NO_LOG)));
    });
  });
  const starting = expect(it.start()).rejects.toMatchObject({ code: 'CANCELLED' });
  await it.kill();
  await starting;
});

test('a killed process stays down until it is started again, and is not a crash', async () => {
  const { it, notes, nextChild } = superviseFakes(0);
  await it.start();
  const first = await nextChild();
  await it.kill();
  expect(first.signals[0]).toBe('SIGKILL');
  expect(it.pid()).toBeUndefined();
  expect([it.crashes(), notes]).toEqual([0, []]);
  await it.start();
  expect(it.pid()).toBe(2);
  await it.stop();
});

test('a process that is let end runs on, is not restarted, and its end is not a crash', async () => {
  const { it, notes, nextChild } = superviseFakes(1);
  await it.start();
  const child = await nextChild();
  it.letEnd();
  expect(it.pid()).toBe(1);
  child.exit({ code: 1, signal: null });
  await it.stop();
  expect([it.crashes(), notes]).toEqual([0, []]);
  expect(it.pid()).toBeUndefined();
});

test('start during a restart waits until the process is up, and start of a running process does nothing', async () => {
  const restart = Promise.withResolvers<void>();
  const { it, nextChild } = superviseFakes(1, async (child) => {
    if (child.pid === 2) await restart.promise;
    return child;
  });
  await it.start();
  await it.start();
  (await nextChild()).exit(killed);
  await expect.poll(() => it.pid()).toBeUndefined();
  const again = it.start();
  restart.resolve();
  await again;
  expect(it.pid()).toBe(2);
  await it.stop();
});

test('pause and resume send SIGSTOP and SIGCONT', async () => {
  const { it, nextChild } = superviseFakes(0);
  await it.start();
  it.pause();
  it.resume();
  expect((await nextChild()).signals).toEqual(['SIGSTOP', 'SIGCONT']);
  await it.kill();
});
