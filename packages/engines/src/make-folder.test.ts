import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'odograph-folder-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a folder is created with those above it, and may exist', async () => {
  const path = join(await testFolder(), 'a', 'b', 'c');
  makeFolder(path);
  makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'where no folder can be created, it fails at once with that error',
  () => {
    expect(() => makeFolder('/proc/odograph/x')).toThrow(
      "ENOENT: no such file or directory, mkdir '/proc/odograph'",
    );
  },
);

test('a disk that cannot be written is named as such, with the folder that is missing first', async () => {
  const folder = await testFolder();
  const missing = join(folder, 'a');
  const module = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    fs.mkdirSync = (path) => {
      throw Object.assign(new Error(\`EROFS: read-only file system, mkdir '\${path}'\`), { code: 'EROFS' });
    };
    syncBuiltinESMExports();`;
  const code = `
    import { makeFolder } from ${JSON.stringify(new URL('make-folder.ts', import.meta.url).href)};
    makeFolder(${JSON.stringify(join(missing, 'b', 'c'))});`;
  const preload = `data:text/javascript,${encodeURIComponent(module)}`;
  const args = ['--import', preload, '--input-type=module', '-e', code];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain(`EROFS: read-only file system, mkdir '${missing}'`);
});

test('a file in the way is named', async () => {
  const file = join(await testFolder(), 'file');
  await writeFile(file, '');
  expect(() => makeFolder(join(file, 'x'))).toThrow(`EEXIST: file already exists, mkdir '${file}'`);
});
