import type { Rule, RuleChange } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { isoTime } from '@odograph/kernel/iso-time';

/** A rule, as `odograph rules --json` prints it. */
export function ruleJson({ name, revision, version, isEnabled, document }: Rule) {
  return { rule: name, revision, version, enabled: isEnabled, document };
}

/** A decision about a rule, as `odograph rules history --json` prints it. */
export function ruleChangeJson({ type, version, revision, by, note, atMs, document }: RuleChange) {
  return { type, version, revision, by, note, at: isoTime(atMs), document };
}
