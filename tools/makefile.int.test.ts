import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.each(['run', 'chaos', 'bench'])('make %s passes ARGS on', (target) => {
  const options = { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' } as const;
  expect(execFileSync('make', ['-n', target, 'ARGS=--help'], options)).toMatch(/^exec node .* --help$/m);
});
