import {
  AlertRulesService,
  type Rule,
  type RuleChange as WireChange,
} from '@odograph/contracts/generated/odograph/alerting/v1/alert_rules';
import { checkDecisionId } from '@odograph/decisions/decision-id';
import type { DecisionQuota } from '@odograph/decisions/decision-quota';
import type { Aggregate } from '@odograph/kernel/aggregate';
import { Fault } from '@odograph/kernel/fault';
import { countFitting } from '@odograph/platform/grpc/answer-bytes';
import { type CallContext, grpcService, serverStream, unary } from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import { invalid, pageSizeOf } from '@odograph/platform/grpc/request-checks';
import { type Decisions, noRule } from '../commands/decisions.ts';
import { assertRoom } from '../commands/rule-room.ts';
import type { RuleCommand, RuleState } from '../domain/rule-decisions.ts';
import { RULE_LIMITS, type RuleDocument } from '../rules/rule-document.ts';
import { type ReadRules, readRules } from '../rules/rule-file.ts';
import type { RuleStore } from '../views/partition-views.ts';
import type { RuleDocuments } from '../views/rule-documents.ts';
import { type Backtest, backtestCall } from './backtest-call.ts';
import { checkBy, checkNote } from './checks.ts';

interface AlertRulesDeps {
  readonly rules: RuleStore;
  readonly documents: RuleDocuments;
  readonly decisions: Decisions;
  readonly quota: DecisionQuota;
  readonly backtest: Backtest;
}

const LIST = ['rules'] as const;

export function alertRulesService({ rules, documents, decisions, quota, backtest }: AlertRulesDeps) {
  async function decide(rule: string, request: Decided, command: RuleCommand, call: CallContext) {
    const decisionId = checkDecisionId(request.decisionId);
    quota.admit(call.client);
    const { expectedVersion } = request;
    return await decisions.rule(rule, { decisionId, expectedVersion, command }, call);
  }

  async function load(rule: string): Promise<Aggregate<RuleState>> {
    const aggregate = await rules.load(rule);
    if (aggregate.version === 0) throw noRule(rule);
    return aggregate;
  }

  const names = async () => (await rules.list()).map(([name]) => name);

  const switching = (type: 'EnableRule' | 'DisableRule') =>
    unary(async (request: Decided & Reason & { readonly rule: string }, call) =>
      decide(request.rule, request, { type, ...reasonOf(request) }, call),
    );

  return grpcService(AlertRulesService, {
    create: unary(async (request, call) => {
      const { rule } = readRule(request.document);
      assertRoom(await names(), [rule]);
      const { document } = request;
      return decide(rule, request, { type: 'CreateRule', document, ...reasonOf(request) }, call);
    }),
    revise: unary(async (request, call) => {
      const { document } = request;
      return decide(
        readRule(document).rule,
        request,
        { type: 'ReviseRule', document, ...reasonOf(request) },
        call,
      );
    }),
    enable: switching('EnableRule'),
    disable: switching('DisableRule'),
    get: unary(async ({ rule }) => ({ rule: toWire(rule, await load(rule)) })),
    list: unary(async ({ pageSize, pageToken }) => {
      const [after = ''] = decodePageToken(LIST, pageToken) ?? [];
      if (typeof after !== 'string') throw badToken();
      const following = (await rules.list({ _id: { $gt: after } })).slice(0, pageSizeOf(pageSize) + 1);
      const page = following.slice(0, pageSizeOf(pageSize)).map(([name, rule]) => toWire(name, rule));
      const fitting = page.slice(0, countFitting(page, ruleBytes));
      const last = fitting.at(-1);
      const hasMore = last !== undefined && following.length > fitting.length;
      return { rules: fitting, nextPageToken: hasMore ? encodePageToken(LIST, [last.name]) : '' };
    }),
    history: unary(async ({ rule }) => {
      const { state } = await load(rule);
      const changes: WireChange[] = [];
      for (const { kind: type, ...change } of state.changes.toReversed())
        changes.push({ type, ...change, document: await documents.get(rule, change.revision) });
      return { changes: changes.slice(0, countFitting(changes, changeBytes)) };
    }),
    check: unary(async ({ documents: text }) => {
      const read = readRules(text);
      if ('findings' in read) return { rules: [], findings: [...read.findings] };
      const checked = read.rules.map(({ rule }) => rule);
      assertRoom(await names(), checked);
      return { rules: checked, findings: [] };
    }),
    backtest: serverStream(backtestCall(backtest, readRule), { stays: true }),
  });
}

interface Decided {
  readonly decisionId: string;
  readonly expectedVersion?: number | undefined;
}

interface Reason {
  readonly by: string;
  readonly note: string;
}

const reasonOf = ({ by, note }: Reason): Reason => ({ by: checkBy(by), note: checkNote('note', note) });

/** The one rule in a document. Throws a Fault INVALID_INPUT with where it is wrong. */
function readRule(document: string): RuleDocument {
  if (document.length > RULE_LIMITS.characters)
    throw invalid(
      'document',
      'TOO_LONG',
      `has ${document.length} characters, at most ${RULE_LIMITS.characters} are allowed`,
    );
  const read: ReadRules = readRules(document);
  if ('findings' in read) {
    const findings = read.findings.map(({ line, column, field, reason, description }) => ({
      ...{ field: field === '' ? 'document' : `document.${field}`, reason },
      description: `line ${line}, column ${column}: ${field} ${description}`.replace('  ', ' '),
    }));
    throw new Fault('INVALID_INPUT', `the rule is wrong: ${findings[0]?.description ?? ''}`, { findings });
  }
  const [first, ...others] = read.rules;
  if (first && others.length === 0) return first;
  throw invalid('document', 'MANY_RULES', `has ${read.rules.length} rules, but must have one`);
}

function toWire(
  name: string,
  { version, state: { revision, isEnabled, document } }: Aggregate<RuleState>,
): Rule {
  return { name, revision, version, isEnabled, document };
}

const ruleBytes = ({ name, document }: Rule): number => 3 * (name.length + document.length) + 50;
const changeBytes = ({ by, note, document }: WireChange): number =>
  3 * (by.length + note.length + document.length) + 50;
