import { describe, expect, it } from 'vitest';
import { proseFindings } from './prose-findings.ts';

const messagesOf = (file: string, text: string) => proseFindings(file, text).map(({ message }) => message);

describe('the check of the prose', () => {
  it('names a phrase of the word list, with its line and what to write instead', () => {
    expect(proseFindings('a.ts', 'const x = 1;\n// Wakes whoever waits.\n')).toEqual([
      { line: 2, message: '"whoever": write the caller, the reader, the process that …' },
    ]);
  });

  it('accepts "there is no", which is not "is no"', () => {
    expect(messagesOf('a.md', 'There is no lock.\n')).toEqual([]);
    expect(messagesOf('a.md', 'This is no lock.\n')).toHaveLength(1);
  });

  it('refuses two sentences on a line of Markdown, but not in code', () => {
    expect(messagesOf('a.md', 'It stops. Then it starts.')).toEqual(['two sentences on a line']);
    expect(messagesOf('a.ts', '// It stops. Then it starts.')).toEqual([]);
    expect(messagesOf('a.md', '```\nIt stops. Then it starts.\n```')).toEqual([]);
    expect(messagesOf('a.md', '1. **Stop.** It stops, e.g. at night.')).toEqual([]);
  });

  it('refuses a line of Markdown over 160 characters, a table row too', () => {
    expect(messagesOf('a.md', `| ${'x'.repeat(160)} |`)).toHaveLength(1);
    expect(messagesOf('a.md', 'x'.repeat(160))).toEqual([]);
  });
});
