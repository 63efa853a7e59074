import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a line of the log is JSON that does nothing to a terminal, whatever a caller has sent', () => {
  const module = new URL('logger.ts', import.meta.url).href;
  const name = '\u001b[31mred\u009b2J\u202e';
  const program = `
    const { createLogger } = await import('${module}');
    createLogger('s', 'info').info({ name: ${JSON.stringify(name)} }, 'it happened');`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(stderr)).toMatchObject({ name, msg: 'it happened' });
});
