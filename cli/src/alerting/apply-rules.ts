import { createHash } from 'node:crypto';
import type { Alerting } from '@odograph/client/alerting';
import type { Rule } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { isFault } from '@odograph/kernel/fault';
import type { FileRule } from './rule-file.ts';

/** What is done with a rule of a file. */
export interface AppliedRule {
  readonly rule: string;
  readonly action: 'created' | 'revised' | 'unchanged';
  /** After it; of a dry run before it. */
  readonly version: number;
  readonly enabled: boolean;
}

interface ApplyOptions {
  readonly by: string;
  readonly note: string;
  readonly isDryRun: boolean;
}

/** Creates a rule that is not there, revises one that is written in another way, and leaves the others. */
export async function applyRule(
  alerting: Alerting,
  { rule, document }: FileRule,
  { by, note, isDryRun }: ApplyOptions,
): Promise<AppliedRule> {
  const known = await knownRule(alerting, rule);
  const action = actionFor(known, document);
  const before = { rule, action, version: known?.version ?? 0, enabled: known?.isEnabled ?? true };
  if (isDryRun || action === 'unchanged') return before;
  const decisionId = decisionIdOf([rule, before.version, document, by, note]);
  const reason = { by, note, decisionId };
  const { version } =
    action === 'created'
      ? await alerting.createRule(document, reason)
      : await alerting.reviseRule(document, { ...reason, expectedVersion: before.version });
  return { ...before, version };
}

async function knownRule(alerting: Alerting, rule: string): Promise<Rule | undefined> {
  try {
    return await alerting.rule(rule);
  } catch (error) {
    if (isFault(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

function actionFor(known: Rule | undefined, document: string): AppliedRule['action'] {
  if (!known) return 'created';
  return known.document === document ? 'unchanged' : 'revised';
}

/**
 * The same decision on the same version has the same id, so it is made once, however often the file is applied. The version is
 * part of it, because a rule may get an earlier document again.
 */
function decisionIdOf(content: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return `apply-${digest.slice(0, 32)}`;
}
