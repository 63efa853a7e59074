import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const read = (file: string) => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8');
const ci = read('.github/workflows/ci.yml');
const [, release = ''] = read('CONTRIBUTING.md').split('\n## How a release is made\n');
const campaigns = [...read('Makefile').matchAll(/^((?:chaos|fuzz)[a-z-]*):/gm)].map(([, name = '']) => name);

test('there are campaigns, each with its planted bugs', () => {
  expect(campaigns).toEqual(['chaos', 'chaos-planted', 'fuzz', 'fuzz-planted']);
});

test.each(campaigns)('make %s runs each night, and before a release', (name) => {
  expect(ci).toMatch(new RegExp(`- run: make ${name}( |$)`, 'm'));
  expect(release).toContain(`\`make ${name}\``);
});

test('the tests run with the oldest Python that the client promises', () => {
  const [, oldest] = /^requires-python = ">=(.+)"$/m.exec(read('clients/python/pyproject.toml')) ?? [];
  expect(ci).toContain(`python: ['${oldest}', `);
});
