import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import { describe, expect, it } from 'vitest';
import { startHistory } from '../history.fixture.ts';
import { dataDir, listening, sleeping } from './doctor.fixture.ts';
import { checkService } from './services.ts';

describe('the doctor, on a service,', () => {
  it('says of a service that does not answer where to look: in its log, or for another endpoint', async () => {
    const service = { name: 'history', endpoint: '127.0.0.1:1' } as const;
    const started = { pid: process.pid, dataDir: dataDir() };
    const [ours] = await Array.fromAsync(checkService({ ...service, started }));
    expect(ours).toMatchObject({
      ...{ status: 'fail', remedy: expect.stringContaining('history.log') },
      message: `process ${process.pid} does not listen at 127.0.0.1:1: it is starting or ending`,
    });
    expect(ours?.remedy).not.toContain('start it');
    expect(await Array.fromAsync(checkService(service))).toMatchObject([
      {
        ...{ status: 'fail', message: 'nothing listens at 127.0.0.1:1' },
        remedy: expect.stringContaining('--endpoint'),
      },
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

  it('says of a service that its process is stopped or has ended, and who has its port', async () => {
    const child = sleeping();
    const folder = dataDir();
    const line = { level: 'error', time: 'T', pid: child.pid, msg: 'uncaught error' };
    writeFileSync(join(folder, 'history.log'), `${JSON.stringify(line)}\n`);
    const port = await listening(() => undefined);
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
