import { expect, test } from 'vitest';
import { requirementOf } from './wheel.ts';

const requirements = `# engines
one-bin==1.2.3 \\
  --hash=sha256:aa \\
  --hash=sha256:bb

other==4.5 ; sys_platform == "linux" \\
  --hash=sha256:cc
`;

test('a requirement is extracted with all of its hashes', () => {
  const { pin, text } = requirementOf('one-bin', requirements);
  expect(pin).toBe('one-bin==1.2.3');
  expect(text).toMatch(/^one-bin==1\.2\.3 .*--hash=sha256:aa .*--hash=sha256:bb$/);
});

test('a requirement keeps its marker', () => {
  const { pin, text } = requirementOf('other', requirements);
  expect(pin).toBe('other==4.5');
  expect(text).toContain('; sys_platform == "linux"');
});

test('a changed hash is another requirement', () => {
  const changed = requirements.replace('bb', 'dd');
  expect(requirementOf('one-bin', changed).digest).not.toBe(requirementOf('one-bin', requirements).digest);
  expect(requirementOf('other', changed).digest).toBe(requirementOf('other', requirements).digest);
});

test('a distribution that is not listed is a fault', () => {
  expect(() => requirementOf('none', requirements)).toThrow(/does not name none/);
});
