import { Fault } from '@odograph/kernel/fault';
import type { Rule } from '../domain/rule.ts';
import { compileRule } from './compile.ts';
import { readRules } from './rule-file.ts';

/** The compiled rule of a document; undefined if this program cannot read it, because a newer one has written it. */
export function ruleIn(document: string): Rule | undefined {
  const read = readRules(document);
  const [rule] = 'rules' in read ? read.rules : [];
  return rule && compileRule(rule);
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
