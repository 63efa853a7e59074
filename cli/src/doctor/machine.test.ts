import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDataDir, checkDisk, checkLoopback, checkNode } from './machine.ts';

const disk = (freeShare: number) => ({ bavail: freeShare * 1e6, blocks: 1e6, bsize: 4_096 });

describe('doctor, on the machine,', () => {
  it('fails on a Node that is too old', () => {
    expect(checkNode('24.11.1').status).toBe('ok');
    expect(checkNode('22.18.0')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('make setup'),
    });
  });

  it('warns about a disk that fills up before ingest refuses', () => {
    expect(checkDisk(disk(0.5))).toMatchObject({ status: 'ok', message: '50 % free, 1.9 GiB' });
    expect(checkDisk(disk(0.08)).message).toMatch(/^8 % free, 312 MiB: /);
    expect(checkDisk(disk(0.15)).status).toBe('warn');
    expect(checkDisk(disk(0.05))).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('refuses telemetry below 10 %'),
    });
  });

  it('fails on a disk that is too small for the first start of odograph up, though most of it is free', async () => {
    // More streams than any disk has room for.
    const large = { ODO_PARTITIONS: '100000000' };
    const check = async (env: NodeJS.ProcessEnv) =>
      (await Array.fromAsync(checkDataDir('/nonexistent/odograph', env))).at(-1);
    expect(await check(large)).toMatchObject({
      ...{ check: 'disk', status: 'fail' },
      message: expect.stringMatching(/need \d+ MiB: free some, or set ODO_HISTORY_STREAM_MAX_BYTES$/),
    });
    for (const set of [{ ODO_HISTORY_STREAM_MAX_BYTES: '9' }, { ODO_NATS_URL: 'nats://127.0.0.1:1' }])
      expect(await check({ ...large, ...set })).not.toMatchObject({
        message: expect.stringContaining('need'),
      });
  });

  it('accepts a data directory that does not exist yet, and refuses one below a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'odograph-doctor-'));
    try {
      const [absent] = await Array.fromAsync(checkDataDir(join(folder, 'a', 'b'), {}));
      expect(absent).toMatchObject({
        status: 'ok',
        message: expect.stringContaining('created on first use'),
      });
      writeFileSync(join(folder, 'file'), '');
      const [below] = await Array.fromAsync(checkDataDir(join(folder, 'file', 'b'), {}));
      expect(below).toMatchObject({
        ...{ status: 'fail', message: `${join(folder, 'file')} is not a directory` },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('finds that programs can listen here', async () => {
    expect((await checkLoopback()).status).toBe('ok');
  });
});
