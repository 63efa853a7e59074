import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test.each([
  ['fuzz/scripts/fuzz.ts', '--inputs', '1e6'],
  ['fuzz/scripts/fuzz.ts', '--from', '1e6'],
  ['fuzz/scripts/fuzz.ts', '--seed', 'x'],
  ['fuzz/scripts/planted.ts', '--seed', '1.5'],
  ['chaos/scripts/chaos.ts', '--rounds', '2e2'],
  ['chaos/scripts/chaos.ts', '--at-once', '0'],
  ['chaos/scripts/planted.ts', '--rounds', 'many'],
])('%s refuses %s %s before it starts a platform', (script, option, text) => {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, option, text], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`argument '${text}' is invalid. It must be a whole number in digits`);
});
