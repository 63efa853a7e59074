import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findFreePort } from '@odograph/engines/free-port';
import { startTestMongo, startTestNats, type TestEngine } from '@odograph/testing/engines';
import { certificate, startTlsMongo, startTlsNats } from '@odograph/testing/tls-engines';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { listening } from './doctor.fixture.ts';
import { checkEngine } from './engines.ts';
import { checkBinaries } from './machine.ts';

const ofEngine = (kind: 'nats' | 'mongo', { url, pid }: TestEngine) =>
  Array.fromAsync(checkEngine({ kind, url, pid }));

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
      {
        status: 'fail',
        message: `process ${engine.pid} has ended: nothing listens at 127.0.0.1:${engine.port}`,
      },
    ]);
    const { pid } = process;
    expect(await ofEngine(kind, { ...engine, pid })).toMatchObject([
      {
        status: 'fail',
        message: `process ${pid} does not listen at 127.0.0.1:${engine.port}: it is starting or ending`,
      },
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
    const port = await listening((socket) => {
      socket.write('INFO {"version":"2.15.1",');
      setTimeout(() => socket.end('"jetstream":true}\r\n'), 50);
    });
    expect(await ask(port)).toMatchObject([{ status: 'ok', message: `2.15.1 answers at 127.0.0.1:${port}` }]);
  });

  it('ends, although the other hangs up without a word', async () => {
    const port = await listening((socket) => void socket.end());
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
