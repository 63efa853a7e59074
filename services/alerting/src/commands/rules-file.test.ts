import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertRoom, MAX_RULES } from './rule-room.ts';
import { createRules, readRulesFile } from './rules-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'odograph-rules-file-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(...names: readonly string[]): string {
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, names.map((name) => `rule: ${name}\nwhen: speed_kmh > 130\n`).join('---\n'));
  return file;
}

/** Creates the rules of a file beside others, and says which were created and what was logged. */
async function createdFrom(file: string, there: readonly string[], refused: readonly string[] = []) {
  const all = new Set(there);
  const logged: string[] = [];
  const created: string[] = [];
  await createRules(await readRulesFile(file), {
    rules: { list: async () => [...all].map((name) => [name, {}]) as never },
    decisions: {
      async rule(rule) {
        if (refused.includes(rule)) throw new Fault('INVALID_INPUT', `${rule} is refused`);
        all.add(rule);
        created.push(rule);
        return {} as never;
      },
    },
    logger: { error: ({ rule }: { rule: string }) => void logged.push(rule) } as unknown as Logger,
    signal: new AbortController().signal,
  });
  return { created, logged };
}

describe('the rules of a file', () => {
  test('are created unless they are there', async () => {
    expect(await createdFrom(fileOf('a', 'b', 'c'), ['b'])).toEqual({ created: ['a', 'c'], logged: [] });
  });

  test('that find no room, or are refused, are said in the log, and keep no other one back', async () => {
    const others = Array.from({ length: MAX_RULES - 1 }, (_, at) => `other-${at}`);
    expect(await createdFrom(fileOf('a', 'b', 'other-3'), others)).toEqual({ created: ['a'], logged: ['b'] });
    expect(await createdFrom(fileOf('a', 'b'), [], ['a'])).toEqual({ created: ['b'], logged: ['a'] });
  });

  test('that are there already need no room, however many there are', () => {
    const tooMany = Array.from({ length: MAX_RULES + 1 }, (_, at) => `r${at}`);
    expect(() => assertRoom(tooMany, ['r0', 'r500'])).not.toThrow();
    expect(() => assertRoom(tooMany, ['r0', 'new'])).toThrow('there are 501 rules, at most 500 are allowed');
  });

  test('are refused before the service starts if one is wrong, or if there are too many', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'rule: a\nwhen: speed_kmh > 130\nsevrity: info\n');
    await expect(readRulesFile(file)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('wrong.yaml:3:10: sevrity'),
    });
    const many = Array.from({ length: MAX_RULES + 1 }, (_, at) => `r${at}`);
    await expect(readRulesFile(fileOf(...many))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
