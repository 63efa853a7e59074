import type { Finding } from '@odograph/kernel/finding';
import * as v from 'valibot';
import { type Document, isNode, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { RULE_LIMITS, type RuleDocument, ruleDocument } from './rule-document.ts';

/** Something that is wrong with a rule, and where in its file. */
export interface RuleFinding extends Finding {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** Rules of a file, or what is wrong with it. */
export type ReadRules =
  | {
      readonly rules: readonly RuleDocument[];
      /** Each of them as it was written. */
      readonly documents: readonly string[];
    }
  | { readonly findings: readonly RuleFinding[] };

const MAX_FILE_CHARACTERS = 1_000_000;

/** Reads rules in YAML, of which JSON is a part; several are separated by `---`. */
export function readRules(text: string): ReadRules {
  if (text.length > MAX_FILE_CHARACTERS)
    return {
      findings: [
        { ...START, field: '', reason: 'TOO_LONG', description: 'has more than a million characters' },
      ],
    };
  const lineCounter = new LineCounter();
  const rules: RuleDocument[] = [];
  const findings: RuleFinding[] = [];
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  if (documents.length === 0) return { findings: [{ ...START, ...MISSING }] };
  for (const document of documents) {
    const read = readRule(document, lineCounter);
    if ('rule' in read) rules.push(read.rule);
    else findings.push(...read.findings);
  }
  if (findings.length > 0) return { findings };
  return { rules, documents: documents.map((_, at) => textOf(documents, at, text)) };
}

/** The text of one document among several, with the comments before it, and without the line that separates it. */
function textOf(documents: readonly Document.Parsed[], at: number, text: string): string {
  const start = documents[at - 1]?.range[2] ?? 0;
  return `${text
    .slice(start, documents[at]?.range[1])
    .replace(/^---\s*\n/, '')
    .trimEnd()}\n`;
}

/** Reads a rule that is data already. Findings name fields only. */
export function readRuleObject(
  value: unknown,
): { readonly rule: RuleDocument } | { readonly findings: readonly Finding[] } {
  const checked = check(value);
  return 'rule' in checked ? checked : { findings: checked.issues.map(({ finding }) => finding) };
}

const START = { line: 1, column: 1 };
const MISSING = { field: '', reason: 'MISSING', description: 'has no rule' };

function readRule(
  document: Document.Parsed,
  lineCounter: LineCounter,
): { readonly rule: RuleDocument } | { readonly findings: readonly RuleFinding[] } {
  const placeOf = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const unread = document.errors.map(({ message, pos: [offset] }) => ({ message, offset }));
  visit(document, {
    // A short text could make a huge value of them.
    Alias: (_, { range }) =>
      void unread.push({ message: 'aliases are not allowed', offset: range?.[0] ?? 0 }),
  });
  if (unread.length > 0)
    return {
      findings: unread.map(({ message, offset }) => {
        return { ...placeOf(offset), field: '', reason: 'SYNTAX', description: message };
      }),
    };
  const checked = check(document.toJS());
  if ('rule' in checked) return checked;
  return {
    findings: checked.issues.map(({ finding, path }) => {
      return { ...placeOf(offsetOf(document, path)), ...finding };
    }),
  };
}

interface Issue {
  readonly finding: Finding;
  readonly path: readonly (string | number)[];
}

function check(value: unknown): { readonly rule: RuleDocument } | { readonly issues: readonly Issue[] } {
  const { depth, count } = sizeOf(value);
  if (depth > 4 * RULE_LIMITS.depth || count > 4 * RULE_LIMITS.corners) {
    const description = `has ${count} values, nested ${depth} deep: at most ${4 * RULE_LIMITS.corners} and ${4 * RULE_LIMITS.depth} are allowed`;
    return { issues: [{ path: [], finding: { field: '', reason: 'TOO_LARGE', description } }] };
  }
  const result = v.safeParse(ruleDocument, value);
  if (result.success) return { rule: result.output };
  const issues = result.issues.map((issue): Issue => {
    const path = (issue.path ?? []).map(({ key }) => key as string | number);
    return { path, finding: { field: fieldOf(path), reason: 'INVALID', description: issue.message } };
  });
  return { issues };
}

function sizeOf(value: unknown): { readonly depth: number; readonly count: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, count: 1 };
  let [depth, count] = [0, 1];
  for (const each of Object.values(value)) {
    const size = sizeOf(each);
    depth = Math.max(depth, size.depth);
    count += size.count;
  }
  return { depth: depth + 1, count };
}

/** Such as `levels[0].when.window.over`. */
function fieldOf(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (field, key) => (typeof key === 'number' ? `${field}[${key}]` : `${field}${field && '.'}${key}`),
    '',
  );
}

/** Of the nearest part of the path that the file has. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  const root: Node | null = document.contents;
  return root?.range?.[0] ?? 0;
}
