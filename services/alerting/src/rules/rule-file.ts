import type { Finding } from '@odograph/kernel/finding';
import { checkWith, type PlacedFinding, readDocuments } from '../documents/read-documents.ts';
import { RULE_LIMITS, type RuleDocument, ruleDocument } from './rule-document.ts';

/** Something that is wrong with a rule, and where in its file. */
export type RuleFinding = PlacedFinding;

/** Rules of a file, or what is wrong with it. */
export type ReadRules =
  | {
      readonly rules: readonly RuleDocument[];
      /** Each of them as it was written. */
      readonly documents: readonly string[];
    }
  | { readonly findings: readonly RuleFinding[] };

const check = checkWith(ruleDocument, { depth: 4 * RULE_LIMITS.depth, count: 4 * RULE_LIMITS.corners });

/** Reads rules in YAML, of which JSON is a part; several are separated by `---`. */
export function readRules(text: string): ReadRules {
  const read = readDocuments(text, { noun: 'rule', check });
  if ('findings' in read) return read;
  const { values: rules, texts: documents, places } = read;
  const names = rules.map(({ rule }) => rule);
  const findings = places.flatMap((place, at): RuleFinding[] => {
    const { length } = documents[at] as string;
    const name = names[at] as string;
    const twice = names.indexOf(name) < at ? [`is the name of two rules: ${name}`] : [];
    const long =
      length > RULE_LIMITS.characters
        ? [`has ${length} characters, at most ${RULE_LIMITS.characters} are allowed`]
        : [];
    return [
      ...twice.map((description) => ({ ...place, field: 'rule', reason: 'TWICE', description })),
      ...long.map((description) => ({ ...place, field: '', reason: 'TOO_LONG', description })),
    ];
  });
  return findings.length > 0 ? { findings } : { rules, documents };
}

/** Reads a rule that is data already. Findings name fields only. */
export function readRuleObject(
  value: unknown,
): { readonly rule: RuleDocument } | { readonly findings: readonly Finding[] } {
  const checked = check(value);
  return 'value' in checked
    ? { rule: checked.value }
    : { findings: checked.issues.map(({ finding }) => finding) };
}
