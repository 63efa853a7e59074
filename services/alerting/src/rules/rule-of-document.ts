import { Fault } from '@odograph/kernel/fault';
import type { Rule } from '../domain/rule.ts';
import { compileRule } from './compile.ts';
import type { RuleDocument } from './rule-document.ts';
import { readRules } from './rule-file.ts';

/** The compiled rule of a document; undefined if this program cannot read it, because a newer one has written it. */
export function ruleIn(document: string): Rule | undefined {
  const read = readRules(document);
  const [rule] = 'rules' in read ? read.rules : [];
  return rule && compileRule(rule);
}

/** How far back a rule looks, in milliseconds: the longest time that it names, and how long it waits for late samples. */
export function memoryOf(document: RuleDocument): number {
  const { for: forMs, keep_firing_for: keepMs, lateness, flapping, when, clear, levels = [] } = document;
  const conditions = [when, clear, ...levels.map((level) => level.when)];
  return Math.max(forMs, keepMs, flapping.within, ...conditions.map(longestIn)) + lateness;
}

const DURATIONS: readonly string[] = ['over', 'within', 'no_report_for', 'dwell'];

function longestIn(condition: unknown): number {
  if (typeof condition !== 'object' || condition === null) return 0;
  const own = Object.entries(condition).map(([name, value]: [string, unknown]) =>
    DURATIONS.includes(name) && typeof value === 'number' ? value : longestIn(value),
  );
  return Math.max(0, ...own);
}

/** What notices say of a rule, and to whom they go; undefined as for {@link ruleIn}. */
export function textIn(document: string) {
  const read = readRules(document);
  const [rule] = 'rules' in read ? read.rules : [];
  return rule && { description: rule.description, receivers: rule.receivers };
}

/** Each rule of a file with its own document. Throws a Fault INVALID_INPUT that names the first mistake. */
export function rulesIn(
  text: string,
  file: string,
): readonly { readonly rule: string; readonly document: string }[] {
  const read = readRules(text);
  if ('rules' in read)
    return read.rules.map(({ rule }, at) => ({ rule, document: read.documents[at] ?? '' }));
  const [first] = read.findings;
  const where = first ? `:${first.line}:${first.column}: ${first.field} ${first.description}` : '';
  throw new Fault('INVALID_INPUT', `${file}${where}`, { findings: read.findings });
}
