import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '@odograph/engines/free-port';
import { Fault } from '@odograph/kernel/fault';
import { startTestMongo, startTestNats, type TestEngine } from '@odograph/testing/engines';
import { certificate, startTlsMongo, startTlsNats } from '@odograph/testing/tls-engines';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startHistory } from '../history.fixture.ts';
import { checkEngine } from './engines.ts';
import { checkBinaries } from './machine.ts';
import { checkExposure, checkPlatform, checkRestarts } from './platform.ts';
import { checkService } from './services.ts';

function dataDir(upLog = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'odograph-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'up.log'), upLog);
  return folder;
}

const ofEngine = (kind: 'nats' | 'mongo', { url, pid }: TestEngine) =>
  Array.fromAsync(checkEngine({ kind, url, pid }));

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
      ['ingest', 'fail'],
      ['history', 'ok'],
      ['partition 0', 'ok'],
    ]);
  });

  it('says of a service that does not answer where to look: in its log, or for another endpoint', async () => {
    const service = { name: 'history', endpoint: '127.0.0.1:1' } as const;
    const started = { pid: process.pid, dataDir: dataDir() };
    const [ours] = await Array.fromAsync(checkService({ ...service, started }));
    expect(ours).toMatchObject({ status: 'fail', remedy: expect.stringContaining('history.log') });
    expect(ours?.remedy).not.toContain('start it');
    expect(await Array.fromAsync(checkService(service))).toMatchObject([
      { status: 'fail', remedy: expect.stringContaining('--endpoint') },
    ]);
  });

  it('repeats what a history that is not ready says of MongoDB, which may answer others', async () => {
    const why = 'MongoDB at 127.0.0.1:4127 refuses the login (Authentication failed.): correct ODO_MONGO_URL';
    const { endpoint, stop } = await startHistory(0, new Fault('UNAVAILABLE', why));
    const checks = await Array.fromAsync(checkService({ name: 'history', endpoint }));
    await stop();
    expect(checks).toMatchObject([
      { check: 'history', status: 'fail', message: `at ${endpoint} is alive but not ready: ${why}` },
    ]);
  });

  it('says of a history that is not ready, although it answers, that it will be', async () => {
    const { endpoint, setReady, stop } = await startHistory();
    setReady(false);
    const checks = await Array.fromAsync(checkService({ name: 'history', endpoint }));
    await stop();
    expect(checks).toMatchObject([
      {
        ...{ check: 'history', status: 'fail' },
        message: `at ${endpoint} is alive but not ready: MongoDB did not answer it, and does now`,
      },
      { check: 'partition 0', status: 'ok' },
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
  });

  it('warns of a process that is restarted again and again, although it serves just now', () => {
    const nowMs = Date.parse('2026-11-28T23:10:00Z');
    const end = (minute: number, name: string) => {
      const message = `${name} ended with exit code 1: restarting it in 0.2 s`;
      return { at: `2026-11-28T23:0${minute}:30.000Z`, message };
    };
    expect([...checkRestarts([end(1, 'history'), end(3, 'history')], nowMs)]).toEqual([]);
    const three = [end(1, 'history'), end(3, 'history'), end(3, 'ingest'), end(5, 'history')];
    expect([...checkRestarts(three, nowMs)]).toMatchObject([
      {
        ...{ check: 'history', status: 'warn' },
        message:
          '3 restarts within 10 minutes, last at 2026-11-28T23:05:30.000Z: history ended with exit code 1',
      },
    ]);
  });

  it('says of a service that its process is stopped or has ended, and who has its port', async () => {
    const child = spawn('sleep', ['60']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const folder = dataDir();
    const line = { level: 'error', time: 'T', pid: child.pid, msg: 'uncaught error' };
    writeFileSync(join(folder, 'history.log'), `${JSON.stringify(line)}\n`);
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const check = async (pid: number, endpoint: string) =>
      (
        await Array.fromAsync(checkService({ name: 'history', endpoint, started: { pid, dataDir: folder } }))
      )[0];
    const pid = child.pid ?? 0;
    child.kill('SIGSTOP');
    await expect
      .poll(() => check(pid, '127.0.0.1:1'))
      .toMatchObject({
        status: 'fail',
        message: expect.stringContaining(`process ${pid} is stopped`),
        remedy: `kill -CONT ${pid}`,
      });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await check(pid, `127.0.0.1:${port}`)).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/has ended; .*\n.*uncaught error\n.*another program listens/s),
      remedy: expect.stringContaining('--history-port'),
    });
  });
});

it('the doctor says which binary of an engine would be started, or that none is needed', async () => {
  const env = { PATH: '', ODO_NATS_URL: 'nats://me:secret@nats.example' };
  const [nats, mongo] = await Array.fromAsync(checkBinaries(env));
  expect(nats).toEqual({
    ...{ check: 'NATS binary', status: 'ok' },
    message: 'not needed: ODO_NATS_URL is nats://me:***@nats.example',
  });
  expect(mongo).toMatchObject({
    ...{ check: 'MongoDB binary', status: 'ok' },
    message: expect.stringMatching(/^\d+\.\d+\.\d+, \/.*\/mongod$/),
  });
});

describe.each([
  ['nats' as const, 'NATS', startTestNats],
  ['mongo' as const, 'MongoDB', startTestMongo],
])('the doctor, on %s,', (kind, title, start) => {
  it('asks the engine that runs, and names one that is asleep, away, or another program', async () => {
    await using engine = await start();
    expect(await ofEngine(kind, engine)).toMatchObject([
      {
        check: title,
        status: 'ok',
        message: expect.stringMatching(/^\d+\.\d+\.\d+ answers at 127\.0\.0\.1:\d+ /),
      },
    ]);
    engine.kill('SIGSTOP');
    await expect
      .poll(() => ofEngine(kind, engine), { timeout: 10_000 })
      .toMatchObject([
        {
          status: 'fail',
          message: expect.stringContaining('is stopped'),
          remedy: `kill -CONT ${engine.pid}`,
        },
      ]);
    // Where it runs elsewhere, its process cannot be seen.
    expect(await Array.fromAsync(checkEngine({ kind, url: engine.url, pid: undefined }))).toMatchObject([
      { status: 'fail', message: expect.stringContaining('accepts connections and does not answer') },
    ]);
    engine.kill('SIGCONT');
    await engine.kill9();
    expect(await ofEngine(kind, engine)).toMatchObject([
      { status: 'fail', message: expect.stringContaining('nothing listens') },
    ]);
    const thief = createServer((socket) => void socket.end('hello\r\n')).listen(engine.port, '127.0.0.1');
    await once(thief, 'listening');
    expect(await ofEngine(kind, engine)).toMatchObject([
      { status: 'fail', message: expect.stringContaining('another program answers') },
    ]);
    thief.close();
  });
});

describe('the doctor, on what answers in place of NATS with JetStream,', () => {
  const ask = (port: number) =>
    Array.fromAsync(checkEngine({ kind: 'nats', url: `nats://127.0.0.1:${port}`, pid: undefined }));
  const listen = async (onSocket: (socket: Socket) => void) => {
    const server = createServer(onSocket).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  it('says that NATS has switched JetStream off, and what to do', async () => {
    const port = await findFreePort();
    const nats = spawn(inject('engines').natsBinary, ['-a', '127.0.0.1', '-p', String(port)]);
    onTestFinished(() => void nats.kill('SIGKILL'));
    await expect
      .poll(() => ask(port), { timeout: 10_000 })
      .toMatchObject([
        {
          ...{ check: 'NATS', status: 'fail' },
          message: `at 127.0.0.1:${port} has switched JetStream off, as it does when its disk is full`,
          remedy: 'free some space, then restart NATS',
        },
      ]);
  });

  it('reads a greeting that comes in two packets to its end', async () => {
    const port = await listen((socket) => {
      socket.write('INFO {"version":"2.15.1",');
      setTimeout(() => socket.end('"jetstream":true}\r\n'), 50);
    });
    expect(await ask(port)).toMatchObject([{ status: 'ok', message: `2.15.1 answers at 127.0.0.1:${port}` }]);
  });

  it('ends, although the other hangs up without a word', async () => {
    const port = await listen((socket) => void socket.end());
    expect(await ask(port)).toMatchObject([
      { status: 'fail', message: `at 127.0.0.1:${port} accepts connections and does not answer` },
    ]);
  });
});

describe('the doctor, on an engine with TLS,', () => {
  const ask = (kind: 'nats' | 'mongo', url: string) =>
    Array.fromAsync(checkEngine({ kind, url, pid: undefined }));
  const answers = (version: string) => [
    { status: 'ok', message: expect.stringMatching(`^${version} answers at`) },
  ];

  it.each([
    [false, '\\d+\\.\\d+\\.\\d+'],
    [true, 'it'],
  ])('asks NATS, also if it asks clients for a certificate: %s', async (asksClient, version) => {
    await using nats = await startTlsNats({ asksClient });
    expect(await ask('nats', `tls://me:right@127.0.0.1:${nats.port}`)).toMatchObject(answers(version));
  });

  it('asks MongoDB, whatever its URL says of credentials', async () => {
    await using mongo = await startTlsMongo();
    const options = `authMechanism=SCRAM-SHA-256&tls=true&tlsCAFile=${certificate('ca')}`;
    const url = `mongodb://me:right@127.0.0.1:${mongo.port}/?${options}`;
    expect(await ask('mongo', url)).toMatchObject(answers('\\d+\\.\\d+\\.\\d+'));
  });
});
