import {
  type Silence,
  SilencesService,
  type SilenceTerms as WireTerms,
} from '@odograph/contracts/generated/odograph/alerting/v1/silences';
import { checkDecisionId } from '@odograph/decisions/decision-id';
import type { DecisionQuota } from '@odograph/decisions/decision-quota';
import type { Aggregate } from '@odograph/kernel/aggregate';
import { type Clock, systemClock } from '@odograph/kernel/clock';
import { countFitting } from '@odograph/platform/grpc/answer-bytes';
import { grpcService, unary } from '@odograph/platform/grpc/handler';
import { badToken, decodePageToken, encodePageToken } from '@odograph/platform/grpc/page-token';
import { invalid, pageSizeOf } from '@odograph/platform/grpc/request-checks';
import type { Decisions } from '../commands/decisions.ts';
import { LONGEST_SILENCE_MS, type SilenceState, type SilenceTerms } from '../domain/silence-decisions.ts';
import type { AlertFilter, AlertStore } from '../views/alert-store.ts';
import type { SilenceStore } from '../views/partition-views.ts';
import { alertToWire, severitiesOf, severityListToWire } from './alert-wire.ts';
import { checkBy, checkNames, checkNote } from './checks.ts';

interface SilencesDeps {
  readonly silences: SilenceStore;
  readonly alerts: Pick<AlertStore, 'list' | 'count'>;
  readonly decisions: Decisions;
  readonly quota: DecisionQuota;
  readonly clock?: Clock;
}

const PREVIEWED = 100;
export const MAX_COUNTED = 10_000;
const LIST = ['silences'] as const;
const SILENCE_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function silencesService({ silences, alerts, decisions, quota, clock = systemClock }: SilencesDeps) {
  return grpcService(SilencesService, {
    set: unary(async (request, call) => {
      const decisionId = checkDecisionId(request.decisionId);
      const id = checkSilenceId(request.silenceId);
      const { by, comment } = request;
      const terms = { ...termsOf(request.terms), by: checkBy(by), comment: checkNote('comment', comment) };
      quota.admit(call.client);
      const { expectedVersion } = request;
      const command = { type: 'SetSilence', ...terms } as const;
      return await decisions.silence(id, { decisionId, expectedVersion, command }, call);
    }),
    end: unary(async ({ decisionId, silenceId, by }, call) => {
      const command = { type: 'EndSilence', by: checkBy(by) } as const;
      const decision = { decisionId: checkDecisionId(decisionId), command };
      quota.admit(call.client);
      return await decisions.silence(checkSilenceId(silenceId), decision, call);
    }),
    list: unary(async ({ withEnded, pageSize, pageToken }) => {
      const [after = ''] = decodePageToken([...LIST, withEnded], pageToken) ?? [];
      if (typeof after !== 'string') throw badToken();
      const nowMs = clock.now();
      const found = await silences.list({ _id: { $gt: after } });
      const following = found.filter(([, { state }]) => withEnded || isGoingOn(state, nowMs));
      const page = following.slice(0, pageSizeOf(pageSize)).map(([id, silence]) => toWire(id, silence));
      const fitting = page.slice(0, countFitting(page, bytesOf));
      const last = fitting.at(-1);
      const hasMore = last !== undefined && following.length > fitting.length;
      const nextPageToken = hasMore ? encodePageToken([...LIST, withEnded], [last.id]) : '';
      return { silences: fitting, nextPageToken };
    }),
    preview: unary(async ({ terms }) => {
      const filter = filterOf(termsOf(terms));
      const [found, count] = await Promise.all([
        alerts.list(filter, PREVIEWED),
        alerts.count(filter, MAX_COUNTED),
      ]);
      return { alerts: found.map(alertToWire), count };
    }),
  });
}

const isGoingOn = ({ terms, endedBy }: SilenceState, nowMs: number): boolean =>
  terms !== undefined && endedBy === undefined && terms.endsAtMs > nowMs;

function checkSilenceId(id: string): string {
  if (SILENCE_ID.test(id)) return id;
  throw invalid(
    'silence_id',
    'INVALID_SILENCE_ID',
    'must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit',
  );
}

type Terms = Omit<SilenceTerms, 'by' | 'comment'>;

/** Throws a Fault INVALID_INPUT for terms that are not right, such as those of a silence for everything. */
function termsOf(terms: WireTerms | undefined): Terms {
  const {
    rules = [],
    vehicles = [],
    fleets = [],
    severities = [],
    startsAtMs = 0,
    endsAtMs = 0,
  } = terms ?? {};
  if (rules.length + vehicles.length + fleets.length + severities.length === 0)
    throw invalid('terms', 'NO_CONDITION', 'must name rules, vehicles, fleets or severities');
  if (endsAtMs <= startsAtMs) throw invalid('terms.ends_at_ms', 'ORDER', 'must be after the start');
  if (endsAtMs - startsAtMs > LONGEST_SILENCE_MS)
    throw invalid('terms.ends_at_ms', 'TOO_LONG', 'must be at most 366 days after the start');
  return {
    rules: checkNames('terms.rules', rules),
    vehicles: checkNames('terms.vehicles', vehicles),
    fleets: checkNames('terms.fleets', fleets),
    severities: severitiesOf(severities, 'terms.severities'),
    ...{ startsAtMs, endsAtMs },
  };
}

function filterOf({ rules, vehicles, fleets, severities, startsAtMs, endsAtMs }: Terms): AlertFilter {
  return {
    ...{ phases: ['firing', 'recovering', 'resolved'], rules, vehicles, fleets },
    severities: severities as AlertFilter['severities'],
    ...{ fromMs: startsAtMs, toMs: endsAtMs },
  };
}

function toWire(id: string, { version, state: { terms, endedBy = '' } }: Aggregate<SilenceState>): Silence {
  const { rules = [], vehicles = [], fleets = [], severities = [], by = '', comment = '' } = terms ?? {};
  const { startsAtMs = 0, endsAtMs = 0 } = terms ?? {};
  return {
    ...{ id, by, comment, endedBy, version },
    terms: {
      ...{ rules: [...rules], vehicles: [...vehicles], fleets: [...fleets] },
      ...{ severities: severityListToWire(severities), startsAtMs, endsAtMs },
    },
  };
}

function bytesOf({ comment, terms }: Silence): number {
  const names = [...(terms?.rules ?? []), ...(terms?.vehicles ?? []), ...(terms?.fleets ?? [])];
  return 200 + 3 * (comment.length + names.reduce((sum, name) => sum + name.length + 4, 0));
}
