import { DECISION_ID_MAX_LENGTH } from '@odograph/decisions/decision-id';
import type { FixedLimit } from '@odograph/platform/config/limit';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import { MAX_TOKEN_LENGTH } from '@odograph/platform/grpc/page-token';
import { MAX_FILTER_TEXT, MAX_PAGE_SIZE } from '@odograph/platform/grpc/request-checks';
import { MAX_ALERT_ID, MESSAGE_ALERTS } from './api/alerts-service.ts';
import { MAX_BACKTESTS, MAX_EVENTS } from './api/backtest-call.ts';
import { MAX_NAMES, MAX_NOTE, MAX_REQUEST_BYTES } from './api/checks.ts';
import { MAX_COUNTED } from './api/silences-service.ts';
import { HEAP_MIB } from './backtest/backtest-threads.ts';
import { MAX_RULES } from './commands/rule-room.ts';
import { MAX_ENTRIES } from './domain/alert-record.ts';
import { MAX_CHANGES } from './domain/rule-decisions.ts';
import { MAX_LETTERS } from './notify/dead-letters.ts';
import { RULE_LIMITS } from './rules/rule-document.ts';
import { MAX_WAITING } from './views/alert-feed.ts';

const REFUSED = { of: 'call', unit: '', above: 'INVALID_ARGUMENT' } as const;
const CUT = { of: 'call', unit: '', above: 'it is cut' } as const;

/** What alerting bounds, whatever its settings. */
export const fixedLimits: readonly FixedLimit[] = [
  {
    ...{ of: 'message', value: MAX_REQUEST_BYTES, unit: 'bytes', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'the size of a request',
  },
  {
    ...{
      of: 'message',
      value: MAX_ANSWER_BYTES,
      unit: 'bytes',
      above: 'it has fewer, unless one alone has more',
    },
    meaning: 'the size of an answer, and of a message of a watch',
  },
  {
    ...{ of: 'message', value: MESSAGE_ALERTS, unit: '', above: 'another message follows' },
    meaning: 'alerts in a message of a watch',
  },
  { ...CUT, value: MAX_PAGE_SIZE, meaning: 'the size of a page' },
  { ...CUT, value: MAX_COUNTED, meaning: 'alerts that the preview of a silence counts' },
  { ...CUT, value: MAX_ENTRIES, meaning: 'events in the history of an alert: the oldest are left out' },
  {
    ...CUT,
    value: MAX_LETTERS,
    meaning: 'dead letters in a page, and those of a receiver that are replayed',
  },
  { ...REFUSED, value: MAX_LETTERS, meaning: 'ids of dead letters to replay' },
  { ...CUT, value: MAX_CHANGES, meaning: 'decisions in the history of a rule: the oldest are left out' },
  { ...REFUSED, value: MAX_TOKEN_LENGTH, meaning: 'characters of a page token' },
  { ...REFUSED, value: MAX_ALERT_ID, meaning: 'characters of the id of an alert' },
  { ...REFUSED, value: DECISION_ID_MAX_LENGTH, meaning: 'characters of the id of a decision' },
  { ...REFUSED, value: MAX_FILTER_TEXT, meaning: 'characters of a name, also of the one who decides' },
  { ...REFUSED, value: MAX_NOTE, meaning: 'characters of a note or a comment' },
  { ...REFUSED, value: MAX_NAMES, meaning: 'names of one kind in a filter or a silence' },
  { ...REFUSED, value: RULE_LIMITS.characters, meaning: 'characters of the document of a rule' },
  {
    ...{ of: 'client', value: MAX_BACKTESTS.perClient, unit: '', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'backtests at the same time',
  },
  {
    ...{ of: 'process', value: MAX_BACKTESTS.inAll, unit: '', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'backtests at the same time',
  },
  {
    ...{ of: 'call', value: MAX_EVENTS, unit: '', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'events that a backtest reads, whatever `max_events` says',
  },
  {
    ...{ of: 'call', value: HEAP_MIB * 1_024 * 1_024, unit: 'bytes', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'memory of a backtest for each partition',
  },
  {
    of: 'process',
    value: MAX_RULES,
    unit: '',
    above: 'FAILED_PRECONDITION',
    meaning: 'rules, disabled ones too',
  },
  {
    ...{ of: 'call', value: MAX_WAITING, unit: '', above: 'the watch begins again' },
    meaning: 'alerts whose change a watch has not sent yet',
  },
];
