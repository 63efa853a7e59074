import type { RuleFact } from '@odograph/kernel/alert-event';
import type { Decider, Rejection } from '@odograph/kernel/decider';
import type { RuleEvent } from '@odograph/kernel/vehicle-event';

/** What can be asked of a rule. Its document was checked before. */
export type RuleCommand =
  | {
      readonly type: 'CreateRule' | 'ReviseRule';
      readonly document: string;
      readonly by: string;
      readonly note: string;
    }
  | { readonly type: 'EnableRule' | 'DisableRule'; readonly by: string; readonly note: string };

/** A decision about a rule. */
export interface RuleChange {
  readonly kind: RuleFact['type'];
  readonly version: number;
  /** The revision after it. */
  readonly revision: number;
  readonly by: string;
  readonly note: string;
  /** By our clock, in Unix milliseconds. */
  readonly atMs: number;
}

/** A rule with its history: what was decided is never changed. */
export interface RuleState {
  /** From 1; 0: there is no such rule. */
  readonly revision: number;
  readonly document: string;
  readonly isEnabled: boolean;
  /** The last ones, the oldest first. */
  readonly changes: readonly RuleChange[];
}

/** How many decisions of a rule its history has. The log has all. */
export const MAX_CHANGES = 200;

/** The rules about rules. */
export const ruleDecider: Decider<RuleCommand, RuleState, RuleFact> & {
  evolve(state: RuleState, event: RuleEvent): RuleState;
} = {
  initial: { revision: 0, document: '', isEnabled: false, changes: [] },

  decide(command, state) {
    const { by, note } = command;
    switch (command.type) {
      case 'CreateRule':
        if (state.revision > 0) return refused('ALREADY_EXISTS', 'exists already: revise it instead');
        return { type: 'RuleCreated', document: command.document, by, note };
      case 'ReviseRule':
        if (command.document === state.document)
          return refused('NO_CHANGE', `is the same as revision ${state.revision}`);
        return { type: 'RuleRevised', document: command.document, by, note };
      case 'EnableRule':
        return state.isEnabled
          ? refused('NO_CHANGE', 'is enabled already')
          : { type: 'RuleEnabled', by, note };
      case 'DisableRule':
        return state.isEnabled
          ? { type: 'RuleDisabled', by, note }
          : refused('NO_CHANGE', 'is disabled already');
    }
  },

  evolve(state, event) {
    const { type: kind, by, note } = event;
    const isWritten = event.type === 'RuleCreated' || event.type === 'RuleRevised';
    const document = isWritten ? event.document : state.document;
    const revision = state.revision + (isWritten ? 1 : 0);
    const isEnabled =
      kind === 'RuleCreated' || kind === 'RuleEnabled' || (kind === 'RuleRevised' && state.isEnabled);
    if (!('aggregateVersion' in event)) return { ...state, revision, document, isEnabled };
    const { aggregateVersion: version, receivedAtMs: atMs } = event;
    const change = { kind, version, revision, by, note, atMs };
    return { revision, document, isEnabled, changes: [...state.changes, change].slice(-MAX_CHANGES) };
  },
};

function refused(reason: string, description: string): Rejection {
  return {
    rejected: 'RULE_VIOLATED',
    message: `the rule ${description}`,
    findings: [{ field: 'rule', reason, description }],
  };
}
