import { describe, expect, it } from 'vitest';
import { findingInFile, splitDocuments } from './rule-file.ts';

describe('the documents of a file', () => {
  it.each([
    ['one', 'rule: a\n', [[1, 'rule: a\n']]],
    ['one without an end of its line', 'rule: a', [[1, 'rule: a\n']]],
    [
      'several',
      'rule: a\n---\nrule: b\n---\nrule: c\n',
      [
        [1, 'rule: a\n'],
        [3, 'rule: b\n'],
        [5, 'rule: c\n'],
      ],
    ],
    ['one behind a first separator', '---\nrule: a\n', [[2, 'rule: a\n']]],
    [
      'comments before each',
      '# x\nrule: a\n---\n\n# y\nrule: b\n\n',
      [
        [1, '# x\nrule: a\n'],
        [5, '# y\nrule: b\n'],
      ],
    ],
    ['comments before a first separator', '# x\n---\nrule: a\n', [[1, '# x\nrule: a\n']]],
    [
      'separators with spaces and CR',
      'rule: a\r\n--- \r\nrule: b\r\n',
      [
        [1, 'rule: a\n'],
        [3, 'rule: b\n'],
      ],
    ],
    [
      'lines that only look like separators',
      'rule: a\nwhen: |\n  ---\n  x\n---- \n',
      [[1, 'rule: a\nwhen: |\n  ---\n  x\n----\n']],
    ],
    ['nothing', '# x\n\n', []],
  ])('are %s', (_, text, wanted) => {
    expect(splitDocuments(text).map(({ line, document }) => [line, document])).toEqual(wanted);
  });
});

describe('a finding', () => {
  const finding = { line: 3, column: 7, field: 'levels[0].when', reason: 'INVALID', description: 'is wrong' };
  it('is written as compilers write it', () => {
    expect(findingInFile('rules.yaml', finding)).toBe('rules.yaml:3:7: levels[0].when is wrong');
    expect(findingInFile('-', { ...finding, field: '' })).toBe('standard input:3:7: is wrong');
  });
});
