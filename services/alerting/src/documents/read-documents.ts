import type { Finding } from '@odograph/kernel/finding';
import * as v from 'valibot';
import { type Document, isNode, isScalar, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';

/** A place in a file. Both are from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong in a file, and where. */
export interface PlacedFinding extends Finding, Place {}

/** A finding, and the path to what it is about. */
export interface Issue {
  readonly finding: Finding;
  readonly path: readonly (string | number)[];
}

export type Checked<T> = { readonly value: T } | { readonly issues: readonly Issue[] };

/** What a file is made of. */
export interface DocumentKind<T> {
  /** Such as `rule`: a file without any of them has a finding. */
  readonly noun: string;
  readonly check: (value: unknown) => Checked<T>;
  /** Of a parser's message, what may be shown. Default: all of it. */
  readonly shown?: (message: string) => string;
}

type Read<T> =
  | {
      readonly values: readonly T[];
      /** Each of them as it was written. */
      readonly texts: readonly string[];
      /** Where each of them begins. */
      readonly places: readonly Place[];
    }
  | { readonly findings: readonly PlacedFinding[] };

const MAX_FILE_CHARACTERS = 1_000_000;
const START = { line: 1, column: 1 };

/** Reads documents in YAML, of which JSON is a part; several are separated by `---`. */
export function readDocuments<T>(text: string, kind: DocumentKind<T>): Read<T> {
  if (text.length > MAX_FILE_CHARACTERS)
    return {
      findings: [
        { ...START, field: '', reason: 'TOO_LONG', description: 'has more than a million characters' },
      ],
    };
  const lineCounter = new LineCounter();
  const values: T[] = [];
  const findings: PlacedFinding[] = [];
  // The parser would compare each key with each other one.
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  const missing = { field: '', reason: 'MISSING', description: `has no ${kind.noun}` };
  if (documents.length === 0) return { findings: [{ ...START, ...missing }] };
  for (const document of documents) {
    const read = readDocument(document, lineCounter, kind);
    if ('value' in read) values.push(read.value);
    else findings.push(...read.findings);
  }
  if (findings.length > 0) return { findings };
  return {
    values,
    texts: documents.map((_, at) => textOf(documents, at, text)),
    places: documents.map(({ contents }) => placeOf(lineCounter, contents?.range?.[0] ?? 0)),
  };
}

/** The text of one document among several, with the comments before it, and without the line that separates it. */
function textOf(documents: readonly Document.Parsed[], at: number, text: string): string {
  const start = documents[at - 1]?.range[2] ?? 0;
  return `${text
    .slice(start, documents[at]?.range[1])
    .replace(/^---\s*\n/, '')
    .trimEnd()}\n`;
}

function readDocument<T>(
  document: Document.Parsed,
  lineCounter: LineCounter,
  { check, shown = (message) => message }: DocumentKind<T>,
): { readonly value: T } | { readonly findings: readonly PlacedFinding[] } {
  const unread = document.errors.map(({ message, pos: [offset] }) => ({ message, offset }));
  visit(document, {
    // A short text could make a huge value of them.
    Alias: (_, { range }) =>
      void unread.push({ message: 'aliases are not allowed', offset: range?.[0] ?? 0 }),
    Map: (_, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        const { value, range } = isScalar(key) ? key : { value: key };
        if (keys.has(value)) unread.push({ message: 'a field is there twice', offset: range?.[0] ?? 0 });
        keys.add(value);
      }
    },
  });
  if (unread.length > 0)
    return {
      findings: unread.map(({ message, offset }) => {
        return { ...placeOf(lineCounter, offset), field: '', reason: 'SYNTAX', description: shown(message) };
      }),
    };
  const checked = check(document.toJS());
  if ('value' in checked) return checked;
  return {
    findings: checked.issues.map(({ finding, path }) => {
      return { ...placeOf(lineCounter, offsetOf(document, path)), ...finding };
    }),
  };
}

function placeOf(lineCounter: LineCounter, offset: number): Place {
  const { line, col } = lineCounter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

interface Size {
  readonly depth: number;
  readonly count: number;
}

/** Checks a value with a schema. What is larger than the limits is refused and not read. */
export function checkWith<T>(
  schema: v.GenericSchema<unknown, T>,
  { depth: maxDepth, count: maxCount }: Size,
): DocumentKind<T>['check'] {
  return (value) => {
    const { depth, count } = sizeOf(value);
    if (depth > maxDepth || count > maxCount) {
      const description = `has ${count} values, nested ${depth} deep: at most ${maxCount} and ${maxDepth} are allowed`;
      return { issues: [{ path: [], finding: { field: '', reason: 'TOO_LARGE', description } }] };
    }
    const result = v.safeParse(schema, value);
    return result.success ? { value: result.output } : { issues: result.issues.map(issueOf) };
  };
}

function issueOf({ path: items, message }: v.BaseIssue<unknown>): Issue {
  const path = (items ?? []).map(({ key }) => key as string | number);
  return { path, finding: { field: fieldOf(path), reason: 'INVALID', description: message } };
}

function sizeOf(value: unknown): Size {
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
