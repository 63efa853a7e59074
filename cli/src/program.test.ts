import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';

const DOC = readFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), 'utf8');

/** Every command with its path, such as `log read`. */
function everyCommand(command: Command, path = ''): readonly (readonly [string, Command])[] {
  return command.commands.flatMap((each) => {
    const name = `${path} ${each.name()}`.trim();
    return [[name, each] as const, ...everyCommand(each, name)];
  });
}

const optionsOf = (command: Command): readonly string[] => command.options.flatMap(({ long }) => long ?? []);

describe('--help', () => {
  it.each(everyCommand(createProgram()))('of "%s" shows no default that is empty', (_name, command) => {
    expect(command.helpInformation()).not.toMatch(/\(default: (\[\]|"")\)/);
  });
});

/** Fields of a registration: an empty text removes a value. */
const FIELDS = ['--fleet', '--model', '--display-name', '--tags', '--capabilities', '--vin'];
const MAY_BE_BLANK: Readonly<Record<string, readonly string[]>> = {
  'vehicles register': FIELDS,
  'vehicles update': FIELDS,
};

const takes = ({ parseArg }: Option, text: string): boolean => {
  try {
    parseArg?.(text, undefined);
    return true;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return false;
    throw error;
  }
};

describe('a blank text', () => {
  it.each(everyCommand(createProgram()))('is refused by the options of "%s"', (name, command) => {
    const valued = command.options.filter(({ required, optional }) => required || optional);
    for (const text of ['', ' '])
      expect(valued.filter((option) => takes(option, text)).map(({ long }) => long)).toEqual(
        MAY_BE_BLANK[name] ?? [],
      );
  });
});

describe('docs/cli.md', () => {
  it.each(everyCommand(createProgram()))('describes "%s" and its options', (name, command) => {
    expect(DOC).toMatch(new RegExp(`^## .*\\b${name}\\b`, 'm'));
    for (const option of optionsOf(command)) expect(DOC).toContain(option);
  });

  it('has examples that are JSON', () => {
    const examples = [...DOC.matchAll(/```json\n(.*)\n```/g)].map(([, json]) => json ?? '');
    expect(examples.length).toBeGreaterThan(5);
    for (const example of examples) expect(JSON.parse(example)).toBeTypeOf('object');
  });
});
