import { Fault } from '@odograph/kernel/fault';

/** How many rules there may be, disabled ones too. */
export const MAX_RULES = 500;

/** Throws a Fault RULE_VIOLATED if there is no room for all of these beside those that are there. */
export function assertRoom(there: readonly string[], wanted: readonly string[]): void {
  const room = MAX_RULES - there.length;
  const added = wanted.filter((rule) => !there.includes(rule));
  if (added.length === 0 || added.length <= room) return;
  const counts = added.length === 1 ? '' : `: ${added.length} would be new`;
  const message = `there are ${there.length} rules, at most ${MAX_RULES} are allowed${counts}; revise one that is not used any more`;
  throw new Fault('RULE_VIOLATED', message, {
    findings: [{ field: 'document', reason: 'TOO_MANY_RULES', description: message }],
  });
}
