import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test.each([
  ['fuzz.ts', '--inputs', '1e6'],
  ['fuzz.ts', '--from', '1e6'],
  ['fuzz.ts', '--seed', 'x'],
  ['planted.ts', '--seed', '1.5'],
])('%s refuses %s %s before it starts a platform', (script, option, text) => {
  const path = fileURLToPath(new URL(`../scripts/${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, option, text], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`argument '${text}' is invalid. It must be a whole number in digits`);
});
