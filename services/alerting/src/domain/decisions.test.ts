import type { RuleFact } from '@odograph/kernel/alert-event';
import { given } from '@odograph/testing/given';
import { describe, expect, test } from 'vitest';
import { ruleDecider } from './rule-decisions.ts';
import { isSilenced, type SilenceTerms, silenceDecider } from './silence-decisions.ts';

const refused = (reason: string) => ({ rejected: 'RULE_VIOLATED' as const, findings: [{ reason }] });
const who = { by: 'ada', note: '' };
const created: RuleFact = { type: 'RuleCreated', document: 'one', ...who } as const;
const revised: RuleFact = { type: 'RuleRevised', document: 'two', ...who } as const;
const disabled: RuleFact = { type: 'RuleDisabled', ...who } as const;

describe('a rule', () => {
  test('is created once, and then revised', () => {
    const create = { type: 'CreateRule', document: 'one', ...who } as const;
    given(ruleDecider, []).when(create).thenEvent(created);
    given(ruleDecider, [created]).when(create).thenRejected(refused('ALREADY_EXISTS'));
    given(ruleDecider, [created])
      .when({ type: 'ReviseRule', document: 'two', ...who })
      .thenEvent(revised);
  });

  test('has no revision that is the same as the one before', () => {
    const revise = { type: 'ReviseRule', document: 'two', ...who } as const;
    given(ruleDecider, [created, revised]).when(revise).thenRejected(refused('NO_CHANGE'));
  });

  test('is disabled and enabled, each once', () => {
    given(ruleDecider, [created])
      .when({ type: 'DisableRule', ...who })
      .thenEvent(disabled);
    given(ruleDecider, [created, disabled])
      .when({ type: 'DisableRule', ...who })
      .thenRejected(refused('NO_CHANGE'));
    given(ruleDecider, [created, disabled])
      .when({ type: 'EnableRule', ...who })
      .thenEvent({ type: 'RuleEnabled', ...who });
    given(ruleDecider, [created])
      .when({ type: 'EnableRule', ...who })
      .thenRejected(refused('NO_CHANGE'));
  });

  test('that is disabled stays so when it is revised, and its history says who decided what', () => {
    const head = { subject: 'rule/a', reportId: 'd', observedAtMs: 5, receivedAtMs: 5, commandHash: '' };
    const state = [created, disabled, revised].reduce(
      (before, fact, at) => ruleDecider.evolve(before, { ...head, aggregateVersion: at + 1, ...fact }),
      ruleDecider.initial,
    );
    expect(state).toMatchObject({ revision: 2, document: 'two', isEnabled: false });
    expect(state.changes.map(({ kind, version, revision, by }) => [kind, version, revision, by])).toEqual([
      ['RuleCreated', 1, 1, 'ada'],
      ['RuleDisabled', 2, 1, 'ada'],
      ['RuleRevised', 3, 2, 'ada'],
    ]);
  });
});

const TERMS: SilenceTerms = {
  ...{ rules: ['speeding'], vehicles: [], fleets: ['north'], severities: [] },
  ...{ startsAtMs: 1_000, endsAtMs: 2_000, by: 'ada', comment: '' },
};

describe('a silence', () => {
  const set = { type: 'SilenceSet', ...TERMS } as const;

  test('is set, set otherwise, and ended once', () => {
    given(silenceDecider, [])
      .when({ type: 'SetSilence', ...TERMS })
      .thenEvent(set);
    const longer = { ...TERMS, endsAtMs: 9_000 };
    given(silenceDecider, [set])
      .when({ type: 'SetSilence', ...longer })
      .thenEvent({ type: 'SilenceSet', ...longer });
    const ended = { type: 'SilenceEnded', by: 'bob' } as const;
    given(silenceDecider, [set]).when({ type: 'EndSilence', by: 'bob' }).thenEvent(ended);
    given(silenceDecider, [set, ended])
      .when({ type: 'EndSilence', by: 'bob' })
      .thenRejected(refused('ENDED'));
  });

  test('is for alerts that meet all that it names, in its time, until it is ended', () => {
    const state = silenceDecider.evolve(silenceDecider.initial, set);
    const alert = { rule: 'speeding', vehicleId: 'v', fleet: 'north', severity: 'info' };
    expect(isSilenced(state, alert, 1_000)).toBe(true);
    expect([999, 2_000].map((atMs) => isSilenced(state, alert, atMs))).toEqual([false, false]);
    expect(isSilenced(state, { ...alert, fleet: 'south' }, 1_500)).toBe(false);
    expect(isSilenced(state, { ...alert, rule: 'towing' }, 1_500)).toBe(false);
    const ended = silenceDecider.evolve(state, { type: 'SilenceEnded', by: 'bob' });
    expect(isSilenced(ended, alert, 1_500)).toBe(false);
    expect(isSilenced(silenceDecider.evolve(ended, set), alert, 1_500)).toBe(true);
  });
});
