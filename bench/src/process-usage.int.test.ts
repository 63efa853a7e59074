import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { parseStat, parseStatus, readUsage, requireLinux, sampleUsage } from './process-usage.ts';

test('the name of a process cannot shift the fields of its stat', () => {
  const stat = `7 (a) 1 (b c) S ${Array.from({ length: 10 }, (_, at) => at).join(' ')} 250 30 0 0 20`;
  expect(parseStat(stat)).toEqual({ userCpuSeconds: 2.5, systemCpuSeconds: 0.3 });
});

test('memory is in MiB; a process that has ended holds none', () => {
  expect(parseStatus('Name:\tmongod\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n')).toEqual({
    rssMib: 100,
    highWaterRssMib: 200,
  });
  expect(parseStatus('Name:\tmongod\nState:\tZ (zombie)\n')).toEqual({ rssMib: 0, highWaterRssMib: 0 });
});

const onLinux = test.runIf(process.platform === 'linux');

onLinux('a busy process has a share of a core, and memory', () => {
  const sampling = sampleUsage({ this: process.pid });
  const end = performance.now() + 100;
  while (performance.now() < end) Math.random();
  const usage = sampling.stop()['this'];
  expect(usage?.cpuShare).toBeGreaterThan(0);
  expect(usage?.peakRssMib).toBeGreaterThan(10);
  expect(usage?.highWaterRssMib).toBeGreaterThanOrEqual((usage?.peakRssMib ?? 0) / 2);
});

onLinux('a process that ends within the interval counts up to when it was last seen', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1_000)']);
  const sampling = sampleUsage({ child: child.pid as number });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(sampling.stop()['child']?.cpuShare).toBeGreaterThanOrEqual(0);
});

onLinux('a process that is not there is said to be not there', () => {
  expect(() => readUsage(2 ** 30)).toThrow('there is no process 1073741824');
});

test('elsewhere it says that it needs Linux', () => {
  expect(() => requireLinux('darwin')).toThrow('read from /proc of Linux, and this is darwin');
  expect(() => requireLinux('linux')).not.toThrow();
});
