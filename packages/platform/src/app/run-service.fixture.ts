import { pbkdf2Sync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@odograph/kernel/fault';
import type { ConfigOf } from '../config/config.ts';
import { oneOf, serviceSettings } from '../config/setting.ts';
import { started } from './app.ts';
import { compose } from './compose.ts';
import { runService } from './run-service.ts';

const WORK_MS = 3_000;
const WORK = {
  long: () => spinFor(WORK_MS),
  asleep: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WORK_MS),
  endless: () => spinFor(Number.POSITIVE_INFINITY),
  'endless in microtasks': () => void spinInMicrotasks(),
  'endless in a native function': () => void pbkdf2Sync('', '', 2 ** 31 - 1, 1, 'sha512'),
};

function spinFor(forMs: number): void {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs);
}

async function spinInMicrotasks(): Promise<never> {
  for (;;) await undefined;
}

/** A service that does nothing. Its environment says how it starts and stops, and what it does on SIGUSR2. */
const SETTINGS = {
  ...serviceSettings,
  start: oneOf('ODO_TEST_START', ['well', 'badly', 'slowly', 'refused', 'with an uncaught error'], 'well', {
    meaning: 'how the service starts',
  }),
  stop: oneOf('ODO_TEST_STOP', ['well', 'badly', 'never', 'with a timer left'], 'well', {
    meaning: 'how the service stops',
  }),
  work: oneOf('ODO_TEST_WORK', Object.keys(WORK) as (keyof typeof WORK)[], 'long', {
    meaning: 'what the service does on SIGUSR2',
  }),
};

function thing(how: ConfigOf<typeof SETTINGS>) {
  const keepsAlive = setInterval(() => keepsAlive.refresh(), 60_000);
  process.on('SIGUSR2', WORK[how.work]);
  const start = async () => {
    if (how.start === 'badly') throw new Error('cannot start');
    if (how.start === 'refused')
      throw new Fault('RULE_VIOLATED', 'the data is too old: use another directory');
    if (how.start === 'slowly') process.stdout.write('it takes a while\n');
    if (how.start === 'slowly') await delay(300);
    if (how.start === 'with an uncaught error') setTimeout(() => Promise.reject(new Error('not caught')), 10);
  };
  const stop = async () => {
    if (how.stop === 'never') await Promise.withResolvers().promise;
    if (how.stop !== 'with a timer left') clearInterval(keepsAlive);
    if (how.stop === 'badly') throw new Error('cannot stop');
  };
  return started('thing', { start, stop });
}

await runService({
  name: 'fixture',
  ownPrefix: 'ODO_TEST_',
  settings: SETTINGS,
  compose: (config) =>
    compose('fixture')
      .part('metrics', () => ({ port: 2 }))
      .part('thing', () => thing(config))
      .part('grpc', () => ({ port: 1 })),
});
