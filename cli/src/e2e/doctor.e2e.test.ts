import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedProcess } from '@odograph/engines/pid-file';
import { eventually } from '@odograph/testing/eventually';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliRun, jsonLines, runCli } from '../cli.fixture.ts';
import type { Check } from '../doctor/check.ts';
import { type Platform, startPlatform } from './platform.fixture.ts';

/** Not one of its questions waits without an end. An engineer on call has the answers within ten seconds; this machine is busy. */
const ANSWERS_WITHIN_MS = 40_000;
const WELL_WITHIN_MS = 60_000;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

interface Examination {
  readonly code: number | null;
  readonly checks: readonly Check[];
  /** The last that it says of this. */
  readonly of: (check: string) => Check | undefined;
}

/** What the real command says, in time and with nothing on stderr. */
async function examined(
  run: () => Promise<CliRun> = () => platform.run('doctor', '--json'),
): Promise<Examination> {
  const startedMs = performance.now();
  const { code, stdout, stderr } = await run();
  expect(performance.now() - startedMs).toBeLessThan(ANSWERS_WITHIN_MS);
  expect(stderr).toBe('');
  // The disk is that of the machine.
  const checks = (jsonLines(stdout) as Check[]).filter(({ check }) => check !== 'disk');
  return { code, checks, of: (name) => checks.findLast(({ check }) => check === name) };
}

const namesOf = (checks: readonly Check[], ...statuses: readonly Check['status'][]) =>
  checks.filter(({ status }) => statuses.includes(status)).map(({ check }) => check);

/** Waits until nothing fails; what is over may still be warned of. */
const untilWell = () =>
  eventually(async () => {
    const { code, checks } = await examined();
    expect([code, ...namesOf(checks, 'fail')]).toEqual([0]);
  }, WELL_WITHIN_MS);

/** Does what the doctor says, to the letter. */
const follow = (check: Check | undefined) => execFileSync('sh', ['-c', check?.remedy ?? 'false']);

const processOf = async (name: string) => (await platform.processes())[name] ?? 0;

test('of a platform that is well it asks each engine and service, and nothing is wrong', async () => {
  await untilWell();
  const { checks } = await examined();
  expect(namesOf(checks, 'warn', 'fail')).toEqual([]);
  expect(checks.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['platform', 'NATS', 'MongoDB', 'ingest', 'history', 'partition 0']),
  );
  const { code, stdout } = await platform.run('doctor');
  expect(code).toBe(0);
  for (const [title, kind] of [
    ['NATS', 'nats'],
    ['MongoDB', 'mongo'],
  ] as const)
    expect(stdout).toMatch(
      new RegExp(`^ok {4}${title}: \\S+ answers at \\S+ \\(process ${await processOf(kind)}\\)$`, 'm'),
    );
});

test('where no platform runs it says so, and asks the engines that one would use', async () => {
  const { nats, mongo } = platform.endpoints();
  const env = { ODO_DATA_DIR: join(platform.folder, 'other'), ODO_NATS_URL: nats, ODO_MONGO_URL: mongo };
  const elsewhere = await examined(() => runCli(['doctor', '--json'], { env }));
  expect(elsewhere.code).toBe(0);
  expect(elsewhere.of('platform')).toMatchObject({
    ...{ status: 'warn', message: 'no odograph up runs on this data directory' },
  });
  expect(namesOf(elsewhere.checks, 'ok')).toEqual(expect.arrayContaining(['NATS', 'MongoDB']));
});

test('it wakes NATS', async () => {
  const pid = await processOf('nats');
  process.kill(pid, 'SIGSTOP');
  const asleep = await eventually(async () => {
    const examination = await examined();
    expect(examination.of('ingest')).toMatchObject({
      ...{
        status: 'fail',
        message: expect.stringMatching(/refuses every report .*: JetStream does not answer/),
      },
    });
    return examination;
  }, WELL_WITHIN_MS);
  expect([asleep.code, asleep.of('MongoDB')?.status]).toEqual([1, 'ok']);
  expect(asleep.of('NATS')).toMatchObject({
    ...{ status: 'fail', message: expect.stringContaining(`process ${pid} is stopped`) },
  });
  follow(asleep.of('NATS'));
  await untilWell();
});

test('it wakes MongoDB', async () => {
  const pid = await processOf('mongo');
  process.kill(pid, 'SIGSTOP');
  const asleep = await examined();
  expect([asleep.code, asleep.of('NATS')?.status, asleep.of('ingest')?.status]).toEqual([1, 'ok', 'ok']);
  expect(asleep.of('MongoDB')).toMatchObject({
    ...{ status: 'fail', message: expect.stringContaining(`process ${pid} is stopped`) },
  });
  // History waits for its answer, or knows already that it gets none.
  expect(namesOf(asleep.checks, 'fail')).toContainEqual(expect.stringMatching(/^(partitions|history)$/));
  follow(asleep.of('MongoDB'));
  await untilWell();
});

test('of MongoDB that was killed, and of odograph up that does not restart it, it says both', async () => {
  const [up, mongo] = [platform.up().pid ?? 0, await processOf('mongo')];
  process.kill(up, 'SIGSTOP');
  process.kill(mongo, 'SIGKILL');
  const away = await eventually(async () => {
    const examination = await examined();
    expect(examination.of('MongoDB')).toMatchObject({
      ...{
        status: 'fail',
        message: expect.stringMatching(`^process ${mongo} has ended: nothing listens at `),
      },
    });
    return examination;
  }, WELL_WITHIN_MS);
  expect(away.of('platform')).toMatchObject({
    message: `odograph up, process ${up}, is stopped, as by Ctrl-Z: it restarts nothing`,
  });
  follow(away.of('platform'));
  await untilWell();
  expect(await processOf('mongo')).not.toBe(mongo);
});

/** Kills history, and each that is started in its place, that number of times or until `odograph up` has given up. */
async function killHistory(times: number): Promise<void> {
  let before: number | undefined;
  for (let kills = 0; kills < times && platform.up().exitCode === null; ) {
    const pid = recordedProcess(join(platform.dataDir, 'history.pid'));
    if (pid !== undefined && pid !== before) {
      process.kill(pid, 'SIGKILL');
      kills += 1;
      before = pid;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('of history that ends again and again it warns, and says why odograph up gave up', async () => {
  await killHistory(3);
  const looping = await examined();
  expect(looping.checks.find(({ check }) => check === 'history')).toMatchObject({
    ...{
      status: 'warn',
      message: expect.stringMatching(/^3 restarts within 10 minutes, .*killed by SIGKILL/),
    },
  });

  const ended = once(platform.up(), 'exit');
  await killHistory(Number.POSITIVE_INFINITY);
  expect(await ended).toEqual([1, null]);
  const reason = 'history does not stay up, giving up: history was killed by SIGKILL';
  expect(platform.screen().trim().split('\n').at(-1)).toContain(`"message":"${reason}`);
  expect(readFileSync(join(platform.dataDir, 'up.log'), 'utf8')).toContain(
    `ended because of this: ${reason}`,
  );

  const away = await examined();
  expect([away.code, ...namesOf(away.checks, 'fail')]).toEqual([1, 'platform']);
  expect(away.of('platform')?.message).toMatch(
    new RegExp(`^no odograph up runs here; the last one ended at \\S+: ${reason}`),
  );
});
