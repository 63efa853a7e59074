import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateFile, type UpState } from '@odograph/cluster/state-file';
import { isRunning } from '@odograph/engines/process-identity';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';

/** Engines that run elsewhere: nothing connects to them here. */
const elsewhere = { ODO_NATS_URL: 'nats://user:secret@127.0.0.1:1', ODO_MONGO_URL: 'mongodb://127.0.0.1:1/' };
const DEADLINE = { timeout: 30_000, interval: 50 };

let dataDir: string;
let ups: ChildProcess[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'odograph-up-'));
  ups = [];
});

afterEach(async () => {
  for (const up of ups) up.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

/** Starts `up` in a process of its own and collects what it says. */
function spawnUp(env: NodeJS.ProcessEnv = elsewhere) {
  const script = join(import.meta.dirname, 'up.fixture.ts');
  const up = spawn(process.execPath, [script, dataDir, 'history', 'ingest'], {
    env: { ...process.env, ...env },
  });
  ups.push(up);
  const said = { out: '', err: '' };
  up.stdout.on('data', (data) => {
    said.out += data;
  });
  up.stderr.on('data', (data) => {
    said.err += data;
  });
  const ended = once(up, 'close').then(([code]) => Number(code));
  const ready = async () => {
    await vi.waitUntil(() => said.out.includes('\n') || up.exitCode !== null, DEADLINE);
    return JSON.parse(said.out) as UpState & { ready: true };
  };
  return { up, said, ended, ready };
}

async function stateNow(): Promise<UpState> {
  return JSON.parse(await readFile(stateFile(dataDir), 'utf8')) as UpState;
}

async function untilGone(pids: readonly number[]): Promise<void> {
  await vi.waitUntil(() => pids.every((pid) => !isRunning(pid)), DEADLINE);
}

async function accepts(endpoint: string | undefined): Promise<boolean> {
  const [host, port] = endpoint?.split(':') ?? [];
  const socket = connect({ host, port: Number(port) });
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

test('with real engines: one line when all is ready, restarts in place, nothing left after SIGTERM', async () => {
  const { up, said, ended, ready } = spawnUp({ ODO_NATS_URL: '', ODO_MONGO_URL: '' });
  const { endpoints, processes } = await ready();
  expect(Object.keys(endpoints).sort()).toEqual(['history', 'ingest', 'mongo', 'nats']);
  expect(Object.keys(processes).sort()).toEqual(['history', 'ingest', 'mongo', 'nats']);
  expect(await accepts(endpoints['ingest'])).toBe(true);

  const niceness = Object.entries(processes).map(([name, pid]) => [name, getPriority(pid) - getPriority()]);
  expect(Object.fromEntries(niceness)).toEqual({ nats: 0, mongo: 5, history: 5, ingest: 0 });

  for (const name of ['nats', 'mongo', 'history', 'ingest']) {
    process.kill(processes[name] ?? 0, 'SIGKILL');
    await vi.waitUntil(async () => (await stateNow()).processes[name] !== processes[name], DEADLINE);
  }
  const state = await stateNow();
  expect(state.endpoints).toEqual(endpoints);
  expect(await accepts(endpoints['ingest'])).toBe(true);
  expect(said.err).toMatch(/history was killed by SIGKILL: starting it again in 0\.1 s/);

  up.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(said.out.trim().split('\n')).toHaveLength(1);
  await untilGone(Object.values(state.processes));
  const left = (await readdir(dataDir)).filter((name) => !/\.log$|^nats$|^mongo$/.test(name));
  expect(left).toEqual([]);
});

test('a second one on the same data refuses and names the first', async () => {
  const first = spawnUp();
  await first.ready();
  const second = spawnUp();
  expect(await second.ended).toBe(1);
  expect(second.said.err).toContain(`${dataDir} is in use by another odograph up, process ${first.up.pid}`);
  expect((await stateNow()).processes['history']).toBeGreaterThan(0);
});

test('credentials of an engine elsewhere are not shown', async () => {
  const { ready, said } = spawnUp();
  expect((await ready()).endpoints['nats']).toBe('nats://user:***@127.0.0.1:1');
  expect(said.err + said.out).not.toContain('secret');
});

test('kill -9 of up takes its children along, and the next start finds the place free', async () => {
  const first = spawnUp({ ...elsewhere, ODO_NATS_URL: '' });
  const { processes } = await first.ready();
  first.up.kill('SIGKILL');
  const second = spawnUp({ ...elsewhere, ODO_NATS_URL: '' });
  expect(Object.keys((await second.ready()).processes)).toHaveLength(3);
  await untilGone(Object.values(processes));
});

test('where the kernel does not end engines with their parent, the next start does', async () => {
  const bin = join(dataDir, 'bin');
  await mkdir(bin);
  await symlink(inject('engines').natsBinary, join(bin, 'nats-server'));
  const env = { ...elsewhere, ODO_NATS_URL: '', PATH: bin };
  const first = spawnUp(env);
  const { processes } = await first.ready();
  first.up.kill('SIGKILL');
  await first.ended;
  await untilGone([processes['history'] ?? 0, processes['ingest'] ?? 0]);
  expect(isRunning(processes['nats'] ?? 0)).toBe(true);

  const second = spawnUp(env);
  expect((await second.ready()).processes['nats']).not.toBe(processes['nats']);
  expect(isRunning(processes['nats'] ?? 0)).toBe(false);
  second.up.kill('SIGTERM');
  expect(await second.ended).toBe(0);
});

test('a pid file that names a stranger ends nobody', async () => {
  const stranger = spawn('sleep', ['60']);
  const record = {
    pid: stranger.pid,
    startMark: 'other',
    word: 'sleep',
    owner: { pid: 4_194_303, startMark: 'x' },
  };
  await writeFile(join(dataDir, 'history.pid'), JSON.stringify(record));
  await spawnUp().ready();
  expect(stranger.exitCode).toBeNull();
  expect(isRunning(stranger.pid ?? 0)).toBe(true);
  stranger.kill();
});

test('a service that does not stay up ends it all, with the last lines of its log', async () => {
  const { said, ended } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'dies' });
  expect(await ended).not.toBe(0);
  expect(said.err).toMatch(
    /history ended with exit code 1 while it was starting; the last lines of .*history\.log:\n {2}.*I cannot go on/,
  );
  expect(said.err).toContain('history does not stay up: giving up');
  expect(said.out).toBe('');
  expect(existsSync(join(dataDir, 'up.lock'))).toBe(false);
});

test('a second signal ends at once what does not drain', async () => {
  const { up, ended, ready, said } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'never drains' });
  const { processes } = await ready();
  up.kill('SIGINT');
  await vi.waitUntil(() => said.err.includes('stopping'), DEADLINE);
  up.kill('SIGINT');
  expect(await ended).toBe(130);
  await untilGone(Object.values(processes));
});

test('a signal while it starts stops what was started', async () => {
  const { up, ended, said } = spawnUp({ ODO_NATS_URL: '', ODO_MONGO_URL: '' });
  await vi.waitUntil(() => said.err.includes('NATS'), DEADLINE);
  const pid = Number(/NATS.*\(pid (\d+)\)/.exec(said.err)?.[1]);
  up.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(said.out).toBe('');
  await untilGone([pid]);
});
