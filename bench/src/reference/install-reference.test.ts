import { expect, test } from 'vitest';
import { reasonOf } from './install-reference.ts';

const failed = Object.assign(new Error('Command failed: npm ci'), { code: 1 });

test('an unreachable registry is the reason, without its address', () => {
  const stderr = 'npm error code ENOTFOUND\nnpm error request to https://packages.invalid/x failed\n';
  expect(reasonOf(failed, stderr)).toBe('the package registry cannot be reached (ENOTFOUND)');
});

test('any other failure has its code', () => {
  expect(reasonOf(failed, 'npm error code E404\nnpm error 404 Not Found\n')).toBe(
    'npm cannot install its packages (E404)',
  );
  expect(reasonOf(failed, '')).toBe('its packages cannot be installed: Command failed: npm ci');
  expect(reasonOf(Object.assign(new Error('spawn npm ENOENT'), { code: 'ENOENT' }), '')).toBe(
    'npm is not on PATH',
  );
});
