import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(resolve(root, 'docs/api.md'), 'utf8');
const [, table = ''] = /\| code \| reason \|.*?\n\| --- .*?\n(.*?)\n\n/s.exec(page) ?? [];
const explained = new Set([...table.matchAll(/^\| (\w+) \|/gm)].map(([, code]) => code));

const calls = globSync('proto/odograph/**/*.proto', { cwd: root }).flatMap((file) => {
  const proto = readFileSync(resolve(root, file), 'utf8');
  return [...proto.matchAll(/((?: {2}\/\/.*\n)*) {2}rpc (\w+)\(/g)].map(([, comment = '', rpc]) => ({
    call: `${file}: ${rpc}`,
    comment: comment.replaceAll(/\s*\/\/\s*/g, ' '),
  }));
});

test.each(calls)('$call names the status codes that it can end with', ({ comment }) => {
  const [, codes = ''] = /Status codes: ([A-Z_, ]+)\. *$/.exec(comment.trim()) ?? [];
  const names = codes.split(', ');
  expect(names).toEqual([...new Set(names)]);
  expect(names.filter((name) => !explained.has(name))).toEqual([]);
});

/** Of the log and the views it reads nothing that could be wrong: only how far the log is. */
const READS_NOTHING_STORED = ['proto/odograph/history/v1/event_log.proto: SetAsideMessage'];

test('a call of history can end with DATA_LOSS, because it reads what is stored', () => {
  const others = calls.filter(
    ({ call, comment }) => call.includes('/history/') && !/\bDATA_LOSS\b/.test(comment),
  );
  expect(others.map(({ call }) => call)).toEqual(READS_NOTHING_STORED);
});

test('there are calls, and every code is explained', () => {
  expect(calls.length).toBeGreaterThan(10);
  expect(explained.size).toBeGreaterThan(10);
});
