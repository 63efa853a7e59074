import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { chooseFreePorts } from '@odograph/cluster/choices.fixture';
import { signal } from '@odograph/engines/process-identity';
import { eventually } from '@odograph/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';

const ODOGRAPH = fileURLToPath(new URL('../../bin/odograph.mjs', import.meta.url));
/** Runs its arguments on a terminal of 80 × 24 of their own, to which it passes its input. */
const ON_A_TERMINAL =
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", "stty cols 80 rows 24; exec \\"$@\\"", "sh", *sys.argv[1:]])))';
const UP_WITHIN_MS = 60_000;

/** `odograph up` as a person starts it, until the test ends. */
async function upOnATerminal() {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-hints-'));
  await chooseFreePorts(dataDir);
  const args = ['-c', ON_A_TERMINAL, process.execPath, ODOGRAPH, 'up', '--data', dataDir];
  const child = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.stdin.write('\x03');
    expect(await ended).toEqual([0, null]);
    await rm(dataDir, { recursive: true });
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  /** The lines of the frame that is whole. */
  const frame = () => stripVTControlCharacters(output.split('\x1b[H').at(-2) ?? '').split(/\r?\n/);
  return { frame };
}

/** What a command prints first, as typed into another terminal. */
async function firstOutput(command: string, cwd: string): Promise<string> {
  const child = spawn('sh', ['-c', command], { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => signal(-(child.pid ?? 0), 'SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${command} ended with ${code} and printed nothing`);
  });
  const [text] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended]);
  return String(text);
}

test('the hints under a live fleet do what they say, copied from a terminal of 80 × 24', async () => {
  const { frame } = await upOnATerminal();
  const lines = await eventually(() => {
    expect(frame().join('\n')).toContain('npx odograph history sim-');
    return frame();
  }, UP_WITHIN_MS);
  const folder = /, in (\/.+):$/.exec(lines.find((line) => line.startsWith('Ask it')) ?? '')?.[1] ?? '';
  const [status = '', history = '', tail = '', ...more] = lines.filter((line) => line.startsWith('  npx '));
  expect(more).toEqual([]);
  const vehicle = /sim-\d+/.exec(status)?.[0];
  expect(await firstOutput(status, folder)).toMatch(new RegExp(`^${vehicle} `));
  expect(await firstOutput(history, folder)).toMatch(/^\d{4}-\d\d-\d\dT\S+Z {2}speed_kmh=\d/);
  expect(await firstOutput(tail, folder)).toMatch(/^\d+\/\d+\/\d+ {2}\d{4}-\d\d-\d\dT\S+Z {2}Telemetry/);
});
