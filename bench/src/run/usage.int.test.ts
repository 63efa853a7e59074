import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { parseMachineStat, parseStat, parseStatus, readUsage, requireLinux, sampleUsage } from './usage.ts';

test('the name of a process does not shift the fields of its stat', () => {
  const stat = `7 (a) 1 (b c) S ${Array.from({ length: 10 }, (_, at) => at).join(' ')} 250 30 0 0 20`;
  expect(parseStat(stat)).toEqual({ userCpuSeconds: 2.5, systemCpuSeconds: 0.3 });
});

test('memory is in MiB; a process that has ended has none', () => {
  expect(parseStatus('Name:\tmongod\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n')).toEqual({ rssMib: 100 });
  expect(parseStatus('Name:\tmongod\nState:\tZ (zombie)\n')).toEqual({ rssMib: 0 });
});

test('idle and waiting for a disk is not busy, stolen time is', () => {
  const stat = 'cpu  100 20 30 4000 500 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n';
  expect(parseMachineStat(stat)).toBeCloseTo(1.71);
});

const onLinux = test.runIf(process.platform === 'linux');

onLinux('a busy process has a share of a core, and memory', () => {
  const sampling = sampleUsage({ this: process.pid });
  const end = performance.now() + 100;
  while (performance.now() < end) Math.random();
  const { processes, machine } = sampling.stop();
  const usage = processes['this'];
  expect(machine.busy).toBeGreaterThan(0);
  expect(usage?.cpuShare).toBeGreaterThan(0);
  expect(usage?.peakRssMib).toBeGreaterThan(10);
});

onLinux('a process that ends in the interval counts until its last sample', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1_000)']);
  const sampling = sampleUsage({ child: child.pid as number });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(sampling.stop().processes['child']?.cpuShare).toBeGreaterThanOrEqual(0);
});

onLinux('an unknown process is an error', () => {
  expect(() => readUsage(2 ** 30)).toThrow('there is no process 1073741824');
});

test('other platforms get an error that says that Linux is needed', () => {
  expect(() => requireLinux('darwin')).toThrow('needs Linux; this is darwin');
  expect(() => requireLinux('linux')).not.toThrow();
});
