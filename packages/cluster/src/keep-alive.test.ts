import type { ProcessExit } from '@odograph/engines/owned-process';
import { ProcessFault } from '@odograph/engines/process-fault';
import { expect, test } from 'vitest';
import type { Child } from './child.ts';
import { keepAlive } from './keep-alive.ts';

/** A child whose life is in the hands of the test. */
function createFakeChild(pid: number): Child & { die(exit: ProcessExit): void; isStopped: boolean } {
  const exited = Promise.withResolvers<ProcessExit>();
  const child = {
    pid,
    logFile: '/nowhere',
    exited: exited.promise,
    isStopped: false,
    die: exited.resolve,
    stop: async () => {
      child.isStopped = true;
      exited.resolve({ code: 0, signal: null });
    },
  };
  return child;
}

type FakeChild = ReturnType<typeof createFakeChild>;

const killed: ProcessExit = { code: null, signal: 'SIGKILL' };

/** Keeps fake children alive, with `allowed` deaths before it gives up; each start is heard of in order. */
function keepFakes(allowed: number, start = async (child: FakeChild) => child) {
  const said: string[] = [];
  const waiting: ((child: FakeChild) => void)[] = [];
  const arrived: FakeChild[] = [];
  let count = 0;
  let deaths = 0;
  const kept = keepAlive<FakeChild>({
    name: 'it',
    start: () => {
      count += 1;
      return start(createFakeChild(count));
    },
    policy: {
      afterDeath: () => {
        deaths += 1;
        return deaths > allowed ? undefined : 0;
      },
    },
    onStarted: (child) => {
      const hear = waiting.shift();
      if (hear) hear(child);
      else arrived.push(child);
    },
    note: (line) => said.push(line),
  });
  const nextChild = async () =>
    arrived.shift() ?? (await new Promise<FakeChild>((done) => waiting.push(done)));
  return { kept, said, nextChild };
}

test('a child that dies is started again, and it is said so', async () => {
  const { kept, said, nextChild } = keepFakes(1);
  (await nextChild()).die(killed);
  const second = await nextChild();
  expect(second.pid).toBe(2);
  expect(said).toEqual(['it was killed by SIGKILL: starting it again in 0 s']);
  await kept.stop();
  expect(second.isStopped).toBe(true);
  await kept.ended;
});

test('too many deaths are a fault that says why', async () => {
  const { kept, nextChild } = keepFakes(1);
  (await nextChild()).die(killed);
  (await nextChild()).die({ code: 3, signal: null });
  await expect(kept.ended).rejects.toThrow(/it ended with exit code 3.*\n.*giving up/);
});

test('a start that fails counts as a death', async () => {
  const { kept, said } = keepFakes(2, () => Promise.reject(new ProcessFault('no disk', '/nowhere')));
  await expect(kept.ready).rejects.toThrow(/no disk; \/nowhere says nothing\nit does not stay up: giving up/);
  expect(said).toEqual(['no disk: starting it again in 0 s', 'no disk: starting it again in 0 s']);
});

test('a programming error is not tried again', async () => {
  const { kept, said } = keepFakes(2, () => Promise.reject(new TypeError('oops')));
  await expect(kept.ready).rejects.toThrow('oops');
  expect(said).toEqual([]);
});

test('what was still starting when all was stopped is stopped too', async () => {
  const opening = Promise.withResolvers<void>();
  let started: FakeChild | undefined;
  const { kept } = keepFakes(0, async (child) => {
    await opening.promise;
    started = child;
    return child;
  });
  const stopped = kept.stop();
  opening.resolve();
  await stopped;
  expect(started?.isStopped).toBe(true);
});
