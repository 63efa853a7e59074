import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from '@odograph/cluster/data-lock';
import { writePidFile } from '@odograph/engines/pid-file';
import { pidFile } from '@odograph/engines/start-engine';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startHistory } from '../history.fixture.ts';
import { dataDir, listening, sleeping } from './doctor.fixture.ts';
import { checkExposure, checkPlatform } from './platform.ts';

describe('the doctor, on the platform,', () => {
  it('repeats what the platform lets in from other machines', () => {
    const endpoints = {
      history: '0.0.0.0:4102',
      nats: 'nats://me:***@nats.example',
      mongo: 'mongodb://db.example',
    };
    const metrics = { history: '127.0.0.1:4112' };
    expect(Array.from(checkExposure({ endpoints, metrics }, {}))).toMatchObject([
      { check: 'exposure', status: 'warn', message: expect.stringContaining('ODO_GRPC_HOST is 0.0.0.0') },
      { check: 'exposure', status: 'warn', message: expect.stringContaining('mongodb://db.example') },
    ]);
  });

  it('asks each service that runs, and fails on one that is gone', async () => {
    const history = await startHistory();
    const endpoints = { ingest: '127.0.0.1:1', history: history.endpoint };
    const checks = await Array.fromAsync(
      checkPlatform({ pid: 1, endpoints, metrics: {}, processes: {} }, dataDir()),
    );
    await history.stop();
    expect(checks.map(({ check, status }) => [check, status])).toEqual([
      ['platform', 'ok'],
      ['NATS', 'fail'],
      ['MongoDB', 'fail'],
      ['alerting', 'fail'],
      ['cache', 'fail'],
      ['ingest', 'fail'],
      ['history', 'ok'],
      ['partition 0', 'ok'],
    ]);
  });

  it('warns if no platform runs, and fails if the last one ended by itself, with the reason', async () => {
    const why = async (upLog: string, status: string) => {
      const [check] = await Array.fromAsync(checkPlatform(undefined, dataDir(upLog)));
      expect(check).toMatchObject({ check: 'platform', status });
      return check?.message;
    };
    const none = 'no odograph up runs on this data directory';
    expect(await why('', 'warn')).toBe(none);
    const up = '2026-11-28T22:00:00.000Z history is up: 127.0.0.1:4102 (pid 7)\n';
    const stopped = '2026-11-28T23:00:01.000Z stopped\n';
    expect(await why(up + stopped, 'warn')).toBe(none);
    const reason =
      '2026-11-28T23:00:00.000Z ended because of this: history: ODO_HISTORY_X is unknown\n  remove it\n';
    const message =
      'no odograph up runs here; the last one ended at 2026-11-28T23:00:00.000Z: history: ODO_HISTORY_X is unknown\n  remove it';
    expect(await why(up + reason + stopped, 'fail')).toBe(message);
    // What comes between the reason and the end, for example because the disk is full, does not hide it.
    const between = '2026-11-28T23:00:00.500Z up.json cannot be written: ENOSPC\n';
    expect(await why(up + reason + between + stopped, 'fail')).toBe(message);
    const starting = '2026-11-29T06:00:00.000Z starting\n';
    expect(await why(up + reason + stopped + starting + up + stopped, 'warn')).toBe(none);
    expect(await why(up + reason + stopped + starting + up, 'fail')).toMatch(
      /the last one ended without a word after 2026-11-28T22:00:00\.000Z: it was killed, /,
    );
    // Killed before it had started anything.
    expect(await why(up + stopped + starting, 'fail')).toMatch(
      /without a word after 2026-11-29T06:00:00\.000Z: /,
    );
    const stopping = '2026-11-29T06:00:00.000Z stopping\n';
    expect(await why(up + stopping, 'warn')).toBe(none);
  });

  it('says that odograph up is stopped, or has nothing up yet', async () => {
    const up = sleeping();
    const { pid = 0 } = up;
    const endpoints = { ingest: '127.0.0.1:1', history: '127.0.0.1:1' };
    const first = async () =>
      (await Array.fromAsync(checkPlatform({ pid, endpoints, metrics: {}, processes: {} }, dataDir())))[0];
    expect(await first()).toMatchObject({ status: 'ok', message: `odograph up runs as process ${pid}` });
    up.kill('SIGSTOP');
    await expect.poll(first).toMatchObject({
      ...{ check: 'platform', status: 'fail', remedy: `kill -CONT ${pid}` },
      message: `odograph up, process ${pid}, is stopped, as by Ctrl-Z: it restarts nothing`,
    });
    const folder = dataDir();
    onTestFinished(lockDataDir(folder));
    expect(await Array.fromAsync(checkPlatform(undefined, folder, {}))).toMatchObject([
      {
        ...{ check: 'platform', status: 'fail' },
        message: `odograph up, process ${process.pid}, is starting: nothing is up yet`,
      },
    ]);
  });

  it('asks nothing of a platform that is stopping, and says why it stops', async () => {
    const endpoints = { ingest: '127.0.0.1:1', history: '127.0.0.1:1' };
    const { pid } = process;
    const ask = (upLog: string) =>
      Array.fromAsync(checkPlatform({ pid, endpoints, metrics: {}, processes: {} }, dataDir(upLog)));
    const stopping = '2026-11-28T23:00:02.000Z stopping\n';
    expect(await ask(`2026-11-28T23:00:01.000Z ended because of this: no disk\n${stopping}`)).toMatchObject([
      {
        ...{ check: 'platform', status: 'fail' },
        message: `odograph up, process ${pid}, is stopping: no disk`,
        remedy: 'act on the reason, then start it with make run, or npx odograph up',
      },
    ]);
    expect(await ask(stopping)).toMatchObject([
      {
        ...{ check: 'platform', status: 'warn' },
        message: `odograph up, process ${pid}, is stopping, as it was told to`,
      },
    ]);
  });

  it('takes no process for another program that was restarted while it was asked', async () => {
    const folder = dataDir();
    mkdirSync(join(folder, 'nats'));
    const file = pidFile('nats', join(folder, 'nats'));
    const [before, after] = [sleeping(), sleeping()];
    writePidFile(file, before.pid ?? 0, 'sleep');
    const port = await listening((socket) => {
      if (before.exitCode === null && before.signalCode === null) {
        before.kill('SIGKILL');
        before.once('exit', () => {
          writePidFile(file, after.pid ?? 0, 'sleep');
          socket.destroy();
        });
      } else socket.end('INFO {"version":"2.15.1","jetstream":true}\r\n');
    });
    const endpoints = { nats: `nats://owner:***@127.0.0.1:${port}` };
    const checks = checkPlatform({ pid: process.pid, endpoints, metrics: {}, processes: {} }, folder);
    expect((await Array.fromAsync(checks)).find(({ check }) => check === 'NATS')).toMatchObject({
      ...{ status: 'ok', message: `2.15.1 answers at 127.0.0.1:${port} (process ${after.pid})` },
    });
  });

  it('asks the engines that a platform would use, and refuses a URL that it could not use', async () => {
    const port = await listening(
      (socket) => void socket.end('INFO {"version":"2.15.1","jetstream":true}\r\n'),
    );
    const { mongoUrl } = inject('engines');
    const ask = async (env: NodeJS.ProcessEnv) =>
      (await Array.fromAsync(checkPlatform(undefined, dataDir(), env))).slice(1);
    const urls = { ODO_NATS_URL: `nats://127.0.0.1:${port}`, ODO_MONGO_URL: mongoUrl };
    expect(await ask(urls)).toMatchObject([
      { check: 'NATS', status: 'ok', message: `2.15.1 answers at 127.0.0.1:${port}` },
      { check: 'MongoDB', status: 'ok' },
    ]);
    expect(
      await ask({ ODO_NATS_URL: `127.0.0.1:${port}`, ODO_MONGO_URL: 'mongodb://127.0.0.1:1' }),
    ).toMatchObject([
      {
        ...{ check: 'NATS', status: 'fail' },
        message: expect.stringMatching(/^ODO_NATS_URL must be a URL that starts with nats:\/\/ .*, not "127/),
        remedy: 'correct it, or unset it: odograph up then starts NATS here',
      },
      {
        ...{ check: 'MongoDB', status: 'fail', message: 'nothing listens at 127.0.0.1:1' },
        remedy: 'start it, or set ODO_MONGO_URL to where it runs',
      },
    ]);
  });
});
