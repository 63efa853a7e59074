import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { chooseFreePorts } from '@odograph/cluster/choices.fixture';
import { stateFile, type UpState } from '@odograph/cluster/up-state';
import { isRunning } from '@odograph/engines/process-identity';
import { preloadEnv } from '@odograph/testing/preload-env';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';

/** Engines that run elsewhere; no process connects to them in these tests. */
const elsewhere = {
  ODO_NATS_URL: 'nats://user:secret@127.0.0.1:1',
  ODO_MONGO_URL: 'mongodb://127.0.0.1:1/',
  ODO_REDIS_URL: 'redis://127.0.0.1:1',
};
const DEADLINE = { timeout: 30_000, interval: 50 };

let dataDir: string;
let ups: ChildProcess[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'odograph-up-'));
  ups = [];
  await chooseFreePorts(dataDir);
});

afterEach(async () => {
  for (const up of ups) up.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

/** Starts `up` as a child process and collects its output. */
function spawnUp(env: NodeJS.ProcessEnv = elsewhere) {
  const script = join(import.meta.dirname, 'up.fixture.ts');
  const up = spawn(process.execPath, [script, dataDir], {
    env: { ...process.env, ...env },
  });
  ups.push(up);
  const output = { out: '', err: '' };
  up.stdout.on('data', (data) => {
    output.out += data;
  });
  up.stderr.on('data', (data) => {
    output.err += data;
  });
  const ended = once(up, 'close').then(([code]) => Number(code));
  const ready = async () => {
    await vi.waitUntil(() => output.out.includes('\n') || up.exitCode !== null, DEADLINE);
    return JSON.parse(output.out) as UpState & { ready: true };
  };
  return { up, output, ended, ready };
}

/** A disk as `up` sees it. */
function withFreeDisk(mebibytes: number): NodeJS.ProcessEnv {
  const module = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    fs.statfsSync = () => ({ bavail: ${mebibytes}, bsize: ${1024 ** 2} });
    syncBuiltinESMExports();`;
  return preloadEnv(new URL(`data:text/javascript,${encodeURIComponent(module)}`));
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

test('with real engines: one line when ready, restarts with the same addresses, nothing left after SIGTERM', async () => {
  const { up, output, ended, ready } = spawnUp({ ODO_NATS_URL: '', ODO_MONGO_URL: '', ODO_REDIS_URL: '' });
  const { endpoints, processes } = await ready();
  const names = ['alerting', 'cache', 'history', 'ingest', 'mongo', 'nats', 'redis'];
  expect(Object.keys(endpoints).sort()).toEqual(names);
  expect(Object.keys(processes).sort()).toEqual(names);
  expect(await accepts(endpoints['ingest'])).toBe(true);

  const niceness = Object.entries(processes).map(([name, pid]) => [name, getPriority(pid) - getPriority()]);
  expect(Object.fromEntries(niceness)).toEqual({
    ...{ nats: 0, mongo: 5, redis: 0, history: 5, ingest: 0, cache: 5, alerting: 5 },
  });

  for (const name of ['nats', 'mongo', 'redis', 'history', 'ingest', 'cache', 'alerting']) {
    process.kill(processes[name] ?? 0, 'SIGKILL');
    await vi.waitUntil(async () => (await stateNow()).processes[name] !== processes[name], DEADLINE);
  }
  const state = await stateNow();
  expect(state.endpoints).toEqual(endpoints);
  expect(await accepts(endpoints['ingest'])).toBe(true);
  expect(output.err).toMatch(/history was killed by SIGKILL: restarting it in 0\.1 s/);

  up.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(output.err).toMatch(new RegExp(`\nstopped; the data stays in ${dataDir}\n$`));
  expect(output.out.trim().split('\n')).toHaveLength(1);
  await untilGone(Object.values(state.processes));
  const left = (await readdir(dataDir)).filter(
    (name) => !/\.log$|^nats$|^mongo$|^redis$|^up\.choices\.json$/.test(name),
  );
  expect(left).toEqual([]);
});

test('a second up on the same data is refused, with the process id of the first', async () => {
  const first = spawnUp();
  await first.ready();
  const second = spawnUp();
  expect(await second.ended).toBe(1);
  expect(second.output.err).toContain(`${dataDir} is in use by another odograph up, process ${first.up.pid}`);
  expect((await stateNow()).processes['history']).toBeGreaterThan(0);
});

test('the next start on the same data has the same addresses; another only where one is taken, which is said', async () => {
  const first = spawnUp();
  const { endpoints, metrics } = await first.ready();
  first.up.kill('SIGTERM');
  await first.ended;
  const rival = createServer().listen(Number(endpoints['ingest']?.split(':')[1]), '127.0.0.1');
  await once(rival, 'listening');
  const second = spawnUp();
  const ready = await second.ready();
  rival.close();
  expect(ready).toMatchObject({ metrics, endpoints: { history: endpoints['history'] } });
  expect(second.output.err).toContain('is in use by another program: ingest listens on');
  second.up.kill('SIGTERM');
  await second.ended;
  const third = spawnUp();
  expect((await third.ready()).endpoints).toEqual(ready.endpoints);
});

test('the password of an engine that runs elsewhere is masked', async () => {
  const { ready, output } = spawnUp();
  expect((await ready()).endpoints['nats']).toBe('nats://user:***@127.0.0.1:1');
  expect(output.err + output.out).not.toContain('secret');
});

test('nothing in the data directory can be opened by another user, and no secret leaves it', async () => {
  const env = { ODO_NATS_URL: '', ODO_MONGO_URL: '', ODO_REDIS_URL: '' };
  await chmod(dataDir, 0o755);
  const { up, ready, ended, output } = spawnUp(env);
  const { endpoints } = await ready();
  expect(endpoints['nats']).toMatch(/^nats:\/\/owner:\*\*\*@127\.0\.0\.1:\d+$/);
  const shown = output.err + output.out + (await readFile(stateFile(dataDir), 'utf8'));
  for (const engine of ['nats', 'mongo', 'redis'])
    expect(shown).not.toContain(await readFile(join(dataDir, engine, 'secret'), 'utf8'));
  up.kill('SIGTERM');
  expect(await ended).toBe(0);
  const names = await readdir(dataDir, { recursive: true });
  const open = ['', ...names].filter((name) => (lstatSync(join(dataDir, name)).mode & 0o077) !== 0);
  expect(open).toEqual([]);
  expect(names.length).toBeGreaterThan(20);
});

test('what a platform lets in from other machines is said at the start', async () => {
  const { ready, output } = spawnUp({
    ...elsewhere,
    ODO_GRPC_HOST: '0.0.0.0',
    ODO_MONGO_URL: 'mongodb://db.example',
  });
  await ready();
  expect(output.err).toContain('warning: ODO_GRPC_HOST is 0.0.0.0: any program that reaches it may report');
  expect(output.err).toContain('warning: ODO_MONGO_URL is mongodb://db.example: it has neither');
  expect(output.err).not.toContain('warning: ODO_NATS_URL');
});

test('kill -9 of up ends its children, and the next start gets the data directory', async () => {
  const first = spawnUp({ ...elsewhere, ODO_NATS_URL: '' });
  const { processes } = await first.ready();
  first.up.kill('SIGKILL');
  const second = spawnUp({ ...elsewhere, ODO_NATS_URL: '' });
  expect(Object.keys((await second.ready()).processes)).toEqual(Object.keys(processes));
  await untilGone(Object.values(processes));
});

test('if the kernel does not end engines with their parent, the next start does', async () => {
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

test('a pid file with the id of another process ends no process', async () => {
  const other = spawn('sleep', ['60']);
  const record = {
    pid: other.pid,
    startMark: 'other',
    word: 'sleep',
    owner: { pid: 4_194_303, startMark: 'x' },
  };
  await writeFile(join(dataDir, 'history.pid'), JSON.stringify(record));
  await spawnUp().ready();
  expect(other.exitCode).toBeNull();
  expect(isRunning(other.pid ?? 0)).toBe(true);
  other.kill();
});

test('a service that does not stay up ends the platform, with the last lines of its log', async () => {
  const { output, ended } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'dies' });
  expect(await ended).toBe(1);
  expect(output.err).toMatch(
    /history does not stay up, giving up: history ended with exit code 1 while it was starting; the last lines of .*history\.log:\n {2}.*I cannot go on/,
  );
  expect(output.out).toBe('');
  expect(existsSync(join(dataDir, 'up.lock'))).toBe(false);
});

test('a service that was up and does not stay up ends the view first, then the platform; the reason is the last line', async () => {
  const { output, ended } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'dies later', FIXTURE_VIEW: 'table' });
  expect(await ended).toBe(1);
  const lines = output.err.trim().split('\n');
  expect(lines.slice(-2)).toEqual([
    'the view has ended',
    expect.stringMatching(
      /^odograph: (history|ingest) does not stay up, giving up: \1 ended with exit code 1/,
    ),
  ]);
  // The last frame is whole, and the terminal has its cursor again.
  expect(stripVTControlCharacters(output.out)).toMatch(
    /Metrics: history 127\.0\.0\.1:\d+, .*\n {2}npx odograph log tail.*\n$/s,
  );
  expect(output.out.endsWith('\n\x1b[?25h')).toBe(true);
  const log = await readFile(join(dataDir, 'up.log'), 'utf8');
  expect(log).toContain('Z history ended with exit code 1: restarting it in 0.1 s\n');
  expect(log).toContain(' does not stay up, giving up: ');
  expect(log.slice(log.indexOf(' ended because of this: '))).not.toContain('restarting');
}, 30_000);

test('a service that refuses to start ends the platform at once, in its own words', async () => {
  const { output, ended } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'refuses' });
  expect(await ended).toBe(1);
  expect(output).toEqual({
    out: '',
    err: 'odograph: history: the data is too old: use another directory\n',
  });
  expect(existsSync(join(dataDir, 'up.lock'))).toBe(false);
});

test('a wrong setting ends the platform at once, with its own exit code', async () => {
  const { output, ended } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'wrong setting' });
  expect(await ended).toBe(2);
  expect(output).toEqual({ out: '', err: 'odograph: history: ODO_LOG_LEVEL is loud: set it to info\n' });
});

test('the streams of a new log fit on the disk, and keep their size', async () => {
  const { ended: refused, output } = spawnUp({ ...elsewhere, ODO_NATS_URL: '', ...withFreeDisk(500) });
  expect(await refused).toBe(1);
  expect(output.err).toMatch(
    /^odograph: 500 MiB of the disk are free, but .* need 620 MiB: free some, or set \S+\n$/,
  );
  for (const freeMebibytes of [1_300, 50_000]) {
    await rm(join(dataDir, 'history.log'), { force: true });
    const env = { ...elsewhere, ODO_NATS_URL: '', ...withFreeDisk(freeMebibytes) };
    const { up, ended, ready } = spawnUp(env);
    await ready();
    up.kill('SIGTERM');
    await ended;
    const log = await readFile(join(dataDir, 'history.log'), 'utf8');
    expect(log).toContain(`streams of ${200 * 1024 ** 2} bytes\n`);
  }
});

test('on a full disk the platform goes on, and says which files cannot be written', async () => {
  for (const name of ['up.log', 'up.json.new', 'up.choices.json.new'])
    await symlink('/dev/full', join(dataDir, name));
  const { up, ended, ready, output } = spawnUp();
  const { processes, endpoints } = await ready();
  for (const what of [join(dataDir, 'up.log'), 'up.json', 'the choice of ports'])
    expect(output.err).toContain(`${what} cannot be written: ENOSPC`);
  process.kill(processes['history'] ?? 0, 'SIGKILL');
  const restarted = /history was killed by SIGKILL: restarting it .*\n(.*\n)*history is up: /;
  await vi.waitUntil(() => restarted.test(output.err), DEADLINE);
  expect(await accepts(endpoints['ingest'])).toBe(true);
  up.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a second signal kills a service that does not drain', async () => {
  const { up, ended, ready, output } = spawnUp({ ...elsewhere, FIXTURE_MODE: 'never drains' });
  const { processes } = await ready();
  up.kill('SIGINT');
  await vi.waitUntil(() => output.err.includes('stopping'), DEADLINE);
  up.kill('SIGINT');
  expect(await ended).toBe(130);
  await untilGone(Object.values(processes));
});

test('a signal during the start stops what was started', async () => {
  const { up, ended, output } = spawnUp({ ODO_NATS_URL: '', ODO_MONGO_URL: '', ODO_REDIS_URL: '' });
  await vi.waitUntil(() => output.err.includes('NATS'), DEADLINE);
  const pid = Number(/NATS.*\(pid (\d+)\)/.exec(output.err)?.[1]);
  up.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(output.out).toBe('');
  await untilGone([pid]);
});
