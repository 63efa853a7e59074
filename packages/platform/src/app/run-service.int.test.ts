import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { refusalOf } from './start-message.ts';

const FIXTURE = fileURLToPath(new URL('./run-service.fixture.ts', import.meta.url));
const READY = { ready: true, endpoints: { grpc: '127.0.0.1:1', metrics: '127.0.0.1:2' } };
const IN_SECONDS = 20_000;

interface Run {
  readonly child: ChildProcess;
  /** What the process wrote to stdout and stderr so far. */
  readonly written: { out: string; err: string };
  readonly exit: Promise<number | NodeJS.Signals>;
  said(text: string): Promise<void>;
}

function run(env: Readonly<Record<string, string>> = {}, stdio: StdioOptions = 'pipe'): Run {
  const child = spawn(process.execPath, [FIXTURE], { stdio, env: { PATH: process.env['PATH'], ...env } });
  const written = { out: '', err: '' };
  child.stdout?.on('data', (text) => (written.out += text));
  child.stderr?.on('data', (text) => (written.err += text));
  // 'close' never comes after the parent has disconnected, so wait for 'exit' and the ends of both pipes.
  const ends = [
    once(child, 'exit'),
    ...[child.stdout, child.stderr].map((pipe) => pipe && once(pipe, 'close')),
  ];
  const exit = Promise.all(ends).then(([exited]) => exited?.[0] ?? exited?.[1]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const said = (text: string) =>
    vi.waitFor(() => expect(written.out + written.err).toContain(text), {
      timeout: IN_SECONDS,
      interval: 10,
    });
  return { child, written, exit, said };
}

async function cachedFiles(cache: string): Promise<number> {
  const entries = await readdir(cache, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

describe('a service as a process', { timeout: IN_SECONDS }, () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('says that it is ready, and drains on %s', async (signal) => {
    const { child, written, exit, said } = run();
    await said('"ready":true');
    expect(JSON.parse(written.out)).toEqual(READY);
    child.kill(signal);
    expect(await exit).toBe(0);
    expect(written.err).toContain('"msg":"drained"');
  });

  test('warns in one line of what it lets in from other machines, and otherwise says nothing', async () => {
    const open = run({ ODO_GRPC_HOST: '0.0.0.0', ODO_METRICS_HOST: '::' });
    await open.said('"ready":true');
    const warnings = open.written.err.split('\n').filter((line) => line.includes('"level":"warn"'));
    expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
      {
        msg: 'there are no identities yet: see SECURITY.md',
        exposed: [
          expect.stringContaining('ODO_GRPC_HOST is 0.0.0.0: any program that reaches it may report'),
          'ODO_METRICS_HOST is ::: any program that reaches it may read the metrics',
        ],
      },
    ]);
    const closed = run();
    await closed.said('"ready":true');
    expect(closed.written.err).not.toContain('"level":"warn"');
  });

  test('stores its code cache even if it is killed later', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'odograph-code-'));
    onTestFinished(() => rm(cache, { recursive: true }));
    const { child, exit, said } = run({ NODE_COMPILE_CACHE: cache });
    await said('"ready":true');
    await vi.waitFor(async () => expect(await cachedFiles(cache)).toBeGreaterThan(10), IN_SECONDS);
    child.kill('SIGKILL');
    expect(await exit).toBe('SIGKILL');
  });

  test('sends its parent the ready message, and drains when the parent is gone', async () => {
    const { child, written, exit } = run({}, ['ignore', 'pipe', 'pipe', 'ipc']);
    expect(await once(child, 'message')).toEqual([READY, undefined]);
    expect(written.out).toBe('');
    child.disconnect();
    expect(await exit).toBe(0);
    expect(written.err).toContain('the parent process is gone');
  });

  test('serves although the disk of its log is full', async () => {
    const full = openSync('/dev/full', 'a');
    const { child, exit, said } = run({}, ['ignore', 'pipe', full]);
    closeSync(full);
    await said('"ready":true');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test('ends after a drain although it has a parent', async () => {
    const { child, exit } = run({}, ['ignore', 'pipe', 'pipe', 'ipc']);
    await once(child, 'message');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once on a second %s', async (signal, code) => {
    const { child, exit, said } = run({ ODO_TEST_STOP: 'never' });
    await said('"ready":true');
    child.kill(signal);
    await said('"msg":"draining"');
    child.kill(signal);
    expect(await exit).toBe(code);
  });

  test('continues to drain on a different signal, for example Ctrl-C and then SIGTERM from its parent', async () => {
    const { child, exit, said } = run({ ODO_TEST_STOP: 'never', ODO_DRAIN_MS: '100' });
    await said('"ready":true');
    child.kill('SIGINT');
    await said('"msg":"draining"');
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
  });

  test('ends when its drain takes too long', async () => {
    const { child, written, exit, said } = run({ ODO_TEST_STOP: 'never', ODO_DRAIN_MS: '50' });
    await said('"ready":true');
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(written.err).toContain('the drain took too long');
  });

  test.each([
    ['badly', 1, 'fixture: thing did not stop: cannot stop'],
    ['with a timer left', 0, '"msg":"drained"'],
  ])('stops %s and ends with %i', async (how, code, message) => {
    const { child, written, exit, said } = run({ ODO_TEST_STOP: how });
    await said('"ready":true');
    child.kill('SIGTERM');
    expect(await exit).toBe(code);
    expect(written.err).toContain(message);
  });

  test('ends with the reason if it does not start', async () => {
    const { written, exit } = run({ ODO_TEST_START: 'badly' });
    expect(await exit).toBe(1);
    expect(written.err).toContain('fixture: thing did not start: cannot start');
    expect(written.out).toBe('');
  });

  test('ends with 2 and the reason in its own words if only a person can make it start', async () => {
    const { written, exit } = run({ ODO_TEST_START: 'refused', ODO_LOG_LEVEL: 'error' });
    expect(await exit).toBe(2);
    expect(written).toEqual({ out: '', err: 'fixture: the data is too old: use another directory\n' });
  });

  test('sends its parent the reason of a refusal', async () => {
    const { child, exit } = run({ ODO_TEST_START: 'refused' }, ['ignore', 'pipe', 'pipe', 'ipc']);
    const [message] = await once(child, 'message');
    expect(refusalOf(message)).toMatchObject({
      code: 'RULE_VIOLATED',
      message: 'the data is too old: use another directory',
    });
    expect(await exit).toBe(2);
  });

  test('stops if it is told to while it starts', async () => {
    const { child, written, exit, said } = run({ ODO_TEST_START: 'slowly' });
    await said('it takes a while');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(written.err).toContain('"msg":"drained"');
  });

  test('ends on an uncaught error', async () => {
    const { written, exit } = run({ ODO_TEST_START: 'with an uncaught error' });
    expect(await exit).toBe(1);
    expect(written.err).toContain('not caught');
  });

  test.each([
    ['endless', 70, 'spinFor (run-service.fixture.ts:'],
    ['endless in microtasks', 70, 'spinInMicrotasks (run-service.fixture.ts:'],
    ['endless in a native function', 'SIGKILL', 'a native function'],
  ])('says what runs and ends if its event loop is blocked: %s', async (work, end, where) => {
    const { child, written, exit, said } = run({ ODO_TEST_WORK: work, ODO_STANDSTILL_MS: '1500' });
    await said('"ready":true');
    child.kill('SIGUSR2');
    expect(await exit).toBe(end);
    const { err, ...line } = JSON.parse(written.err.trimEnd().split('\n').at(-1) ?? '');
    expect(line).toMatchObject({ level: 'error', service: 'fixture', pid: child.pid });
    expect(line.msg).toBe('the event loop is blocked');
    expect(err.message).toMatch(/^was blocked for [\d.]+ s in /);
    expect(err.message).toContain(where);
  });

  test.each([
    ['long', '10000', 'spinFor (file:'],
    ['asleep', '1500', ''],
  ])(
    'continues if it was blocked within the limit or without CPU, and says what ran: %s',
    async (work, limitMs, where) => {
      const { child, written, exit, said } = run({ ODO_TEST_WORK: work, ODO_STANDSTILL_MS: limitMs });
      await said('"ready":true');
      child.kill('SIGUSR2');
      await said('"msg":"the event loop was blocked"');
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
      const line = written.err.split('\n').find((line) => line.includes('the event loop was blocked'));
      const { level, blockedMs, stack } = JSON.parse(line ?? '');
      expect({ level, stack }).toEqual({ level: 'warn', stack: expect.stringContaining(where) });
      // A busy machine gives the watching thread fewer turns.
      expect(blockedMs).toBeGreaterThanOrEqual(1_000);
      expect(blockedMs).toBeLessThanOrEqual(3_500);
    },
  );

  test('is not watched while a debugger may be attached', async () => {
    const env = { ODO_TEST_WORK: 'long', ODO_STANDSTILL_MS: '1000', NODE_OPTIONS: '--inspect=127.0.0.1:0' };
    const { child, written, exit, said } = run(env);
    await said('"ready":true');
    child.kill('SIGUSR2');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(written.err).not.toContain('blocked');
  });

  test('was not blocked while it was stopped', async () => {
    const { child, written, exit, said } = run({ ODO_STANDSTILL_MS: '1000' });
    await said('"ready":true');
    child.kill('SIGSTOP');
    await delay(3_000);
    child.kill('SIGCONT');
    await delay(1_000);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(written.err).not.toContain('blocked');
  });

  test('ends with 2 and a line for each wrong setting', async () => {
    const { written, exit } = run({
      ODO_TEST_START: 'somehow',
      ODO_TEST_STOPP: '1',
      ODO_TEST_START_NOW: '1',
    });
    expect(await exit).toBe(2);
    expect(written.err.split('\n')).toEqual([
      'fixture: the environment has wrong settings:',
      '  ODO_TEST_STOPP is not a setting: did you mean ODO_TEST_STOP?',
      '  ODO_TEST_START_NOW is not a setting: did you mean ODO_TEST_START?',
      '  ODO_TEST_START must be one of well, badly, slowly, refused, with an uncaught error, not "somehow"',
      '',
    ]);
  });
});
