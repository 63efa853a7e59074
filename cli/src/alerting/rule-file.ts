import type { Alerting } from '@odograph/client/alerting';
import type { RuleFinding } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { Fault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import { note } from '../terminal/output.ts';
import { readText } from '../terminal/read-text.ts';

/** A rule of a file. */
export interface FileRule {
  readonly rule: string;
  /** As it was written, with the comments before it. */
  readonly document: string;
}

/** What is wrong with a file of rules, and where. */
export type FileFinding = Finding & Pick<RuleFinding, 'line' | 'column'>;

/** The rules of a file, or what is wrong with it. */
export type CheckedFile =
  | { readonly rules: readonly FileRule[] }
  | { readonly findings: readonly FileFinding[] };

/** Reads a file, or standard input for `-`, and lets alerting check it. Throws a Fault if it cannot be read or checked. */
export async function checkFile(alerting: Alerting, file: string): Promise<CheckedFile> {
  const text = await readText(file);
  const { rules, findings } = await alerting.checkRules(text);
  if (findings.length > 0) return { findings };
  const documents = splitDocuments(text);
  if (documents.length !== rules.length) {
    const message = `${nameOf(file)} has ${rules.length} rules: begin each behind a line with nothing but ---`;
    throw new Fault('INVALID_INPUT', message);
  }
  const repeated = documents.flatMap(({ line }, at) => {
    const first = rules.indexOf(rules[at] ?? '');
    return first === at ? [] : [repetition(line, rules[at] ?? '', documents[first]?.line ?? 1)];
  });
  if (repeated.length > 0) return { findings: repeated };
  return { rules: documents.map(({ document }, at) => ({ rule: rules[at] ?? '', document })) };
}

interface SaidOptions {
  readonly isJson?: boolean | undefined;
  /** What a mistake means for the command. */
  readonly consequence?: string;
}

/** The rules of a file. Prints what is wrong with it for people, and throws a Fault INVALID_INPUT. */
export async function rulesOfFile(
  alerting: Alerting,
  file: string,
  { isJson = false, consequence = '' }: SaidOptions,
): Promise<readonly FileRule[]> {
  const checked = await checkFile(alerting, file);
  if ('rules' in checked) return checked.rules;
  const { findings } = checked;
  const mistakes = findings.length === 1 ? 'a mistake' : `${findings.length} mistakes`;
  const message = `${nameOf(file)} has ${mistakes}${consequence}`;
  if (isJson) throw new Fault('INVALID_INPUT', message, { findings });
  for (const finding of findings) note(findingInFile(file, finding));
  throw new Fault('INVALID_INPUT', message);
}

function repetition(line: number, rule: string, firstLine: number): FileFinding {
  const description = `${rule} is the name of the document at line ${firstLine} too: give one another name`;
  return { line, column: 1, field: 'rule', reason: 'REPEATED', description };
}

/** `FILE:LINE:COLUMN: field description`, as compilers write it. */
export function findingInFile(file: string, { line, column, field, description }: FileFinding): string {
  return `${nameOf(file)}:${line}:${column}: ${field}${field && ' '}${description}`;
}

export const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

interface TextOfDocument {
  readonly document: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** A line that begins a document; in YAML no text of several lines can have it. */
const SEPARATOR = /^---\s*$/;

/** The documents of a YAML file, without the lines between them. Comments before the first one are of it. */
export function splitDocuments(text: string): readonly TextOfDocument[] {
  const lines = text.split('\n');
  const ends = [...lines.keys()].filter((at) => SEPARATOR.test(lines[at] ?? ''));
  const sections = [...ends, lines.length].map((end, at) => {
    const from = at === 0 ? 0 : (ends[at - 1] ?? 0) + 1;
    return { from, own: lines.slice(from, end) };
  });
  const [first, second, ...others] = sections;
  if (first && second && hasOnlyComments(first.own))
    return documentsOf([{ from: 0, own: [...first.own, ...second.own] }, ...others]);
  return documentsOf(sections);
}

interface Section {
  /** The number of lines before it. */
  readonly from: number;
  readonly own: readonly string[];
}

function documentsOf(sections: readonly Section[]): readonly TextOfDocument[] {
  return sections
    .filter(({ own }) => hasContent(own))
    .map(({ from, own }) => {
      const start = own.findIndex((line) => line.trim() !== '');
      return { document: `${own.slice(start).join('\n').trimEnd()}\n`, line: from + start + 1 };
    });
}

const hasOnlyComments = (lines: readonly string[]): boolean =>
  !hasContent(lines) && lines.some((line) => line.trim() !== '');

const hasContent = (lines: readonly string[]): boolean => lines.some((line) => /^\s*[^\s#]/.test(line));
