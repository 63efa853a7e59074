import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';

const DOC = readFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), 'utf8');

/** Every command with its path, such as `log read`, and its options. */
function commandsOf(command: Command, path = ''): readonly (readonly [string, readonly string[]])[] {
  return command.commands.flatMap((each) => {
    const name = `${path} ${each.name()}`.trim();
    const options = each.options.flatMap(({ long }) => (long === null || long === undefined ? [] : [long]));
    return [[name, options] as const, ...commandsOf(each, name)];
  });
}

describe('docs/cli.md', () => {
  it.each(commandsOf(createProgram()))('describes "%s" and its options %j', (name, options) => {
    expect(DOC).toMatch(new RegExp(`^## .*\\b${name}\\b`, 'm'));
    for (const option of options) expect(DOC).toContain(option);
  });

  it('has examples that are JSON', () => {
    const examples = [...DOC.matchAll(/```json\n(.*)\n```/g)].map(([, json]) => json ?? '');
    expect(examples.length).toBeGreaterThan(5);
    for (const example of examples) expect(JSON.parse(example)).toBeTypeOf('object');
  });
});
