import { MAX_REPEATS } from '@odograph/decisions/decide';
import { DECISION_ID_MAX_LENGTH } from '@odograph/decisions/decision-id';
import { SHARED_PUBLISHER_OPTIONS } from '@odograph/event-log/publisher-options';
import { PATIENCE_MS } from '@odograph/event-log/stream-watch';
import { REMEMBERED_DECISIONS } from '@odograph/kernel/aggregate';
import { REGISTRATION_LIMITS } from '@odograph/kernel/registration';
import type { FixedLimit } from '@odograph/platform/config/limit';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import { MAX_TOKEN_LENGTH } from '@odograph/platform/grpc/page-token';
import { MAX_FILTER_TEXT, MAX_PAGE_SIZE } from '@odograph/platform/grpc/request-checks';
import { DEFAULT_DEADLINE_MS } from '@odograph/platform/grpc/server';
import { MAX_KEYS } from '@odograph/platform/token-bucket';
import { TURN_MS } from '@odograph/platform/work-turn';
import { MAX_OTHER_SIGNALS } from '@odograph/projections/signal-merge';
import {
  MAX_BUFFERED_BYTES,
  MAX_FAILING_MS,
  MAX_MESSAGE_EVENTS,
  MAX_TYPES,
  MAX_WAIT_MS,
} from './api/event-log-service.ts';
import { LIST_EVERY_MS } from './api/parked-list.ts';
import { MAX_NAMES, MAX_REQUEST_BYTES, PAGES_AT_ONCE } from './api/sample-queries.ts';
import { LARGEST_AT_ONCE, MAX_READ } from './api/vehicle-reader.ts';
import { MONGO_WAITS } from './config.ts';
import { QUERY_TIME_MS, STRETCH_OF_A_STREAM, STRETCH_OF_A_VIEW } from './log/mongo-log-reader.ts';
import { CACHE_BYTES } from './log/stored-keys.ts';
import { BYTES_A_STRETCH, READ_TIME_MS } from './views/read-model-store.ts';
import { MAX_KEPT_BYTES } from './views/subject-pages.ts';

const AWAY = { of: 'call', unit: 'ms', above: 'UNAVAILABLE with a delay' } as const;
const REGISTRATION = { of: 'registration', unit: '', above: 'INVALID_ARGUMENT' } as const;

/** What history bounds, whatever its settings. */
export const fixedLimits: readonly FixedLimit[] = [
  {
    ...{ of: 'message', value: MAX_REQUEST_BYTES, unit: 'bytes', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'a request',
  },
  {
    ...{
      of: 'message',
      value: MAX_ANSWER_BYTES,
      unit: 'bytes',
      above: 'the page ends with a token, the message of the log is followed by another',
    },
    meaning: 'an answer, unless one item alone has more; the largest item has 2.3 MB',
  },
  {
    ...{ of: 'message', value: MAX_MESSAGE_EVENTS, unit: '', above: 'another message follows' },
    meaning: 'events in a message of the log',
  },
  {
    ...{ of: 'call', value: MAX_PAGE_SIZE, unit: '', above: 'INVALID_ARGUMENT' },
    meaning: 'vehicles that a list can be asked for by their ids',
  },
  {
    ...{ of: 'call', value: MAX_PAGE_SIZE, unit: '', above: 'it is cut' },
    meaning: 'the size of a page',
  },
  {
    ...{ of: 'call', value: MAX_READ, unit: '', above: 'the page ends with a token' },
    meaning: 'vehicles that are read for a page, whether they match or not',
  },
  {
    ...{ of: 'call', value: BYTES_A_STRETCH, unit: 'bytes', above: 'the rest is read after it' },
    meaning: 'stored samples in memory at a time; of a larger window they are read block by block',
  },
  {
    ...{ of: 'call', value: STRETCH_OF_A_VIEW.bytes, unit: 'bytes', above: 'the rest is read after it' },
    meaning: 'what waited behind a parked event in memory at a time, and at most an envelope more',
  },
  {
    ...{ of: 'call', value: MAX_NAMES, unit: '', above: 'INVALID_ARGUMENT' },
    meaning: 'signals that a request for samples may name',
  },
  {
    ...{ of: 'call', value: MAX_TYPES, unit: '', above: 'INVALID_ARGUMENT' },
    meaning: 'event types that a request may name',
  },
  {
    ...{ of: 'call', value: MAX_FILTER_TEXT, unit: '', above: 'INVALID_ARGUMENT' },
    meaning: 'characters of a text that a list is filtered by',
  },
  {
    ...{ of: 'call', value: MAX_TOKEN_LENGTH, unit: '', above: 'INVALID_ARGUMENT' },
    meaning: 'characters of a page token',
  },
  {
    ...{ of: 'call', value: DEFAULT_DEADLINE_MS, unit: 'ms', above: 'DEADLINE_EXCEEDED' },
    meaning: 'how long a call without its own deadline may take; streams of the log excepted',
  },
  {
    ...{ of: 'call', value: MAX_WAIT_MS, unit: 'ms', above: 'OUT_OF_RANGE' },
    meaning: 'wait of `Read` and `Subscribe` for a position that the log does not have yet',
  },
  {
    ...{ of: 'call', value: MAX_FAILING_MS, unit: 'ms', above: 'UNAVAILABLE' },
    meaning: 'how long `Subscribe` goes on while the log cannot be read',
  },
  {
    ...{ of: 'call', value: STRETCH_OF_A_STREAM.bytes, unit: 'bytes', above: 'the rest is read after it' },
    meaning: 'what a stream of `Read` or `Subscribe` has of the log in memory, and at most an envelope more',
  },
  {
    ...{
      of: 'call',
      value: MAX_BUFFERED_BYTES,
      unit: 'bytes',
      above: 'they are dropped, and read from the log instead',
    },
    meaning: 'new events that wait for a slow subscriber, for each partition',
  },
  ...[
    { value: READ_TIME_MS, meaning: 'time that MongoDB works on a query of the views' },
    { value: QUERY_TIME_MS, meaning: 'time that MongoDB works on a query of the log' },
    { value: MONGO_WAITS.answerMs, meaning: 'wait for an answer of MongoDB' },
    { value: MONGO_WAITS.serverMs, meaning: 'wait for a MongoDB that cannot be reached' },
  ].map((each) => ({ ...AWAY, ...each })),
  {
    ...{ of: 'call', value: MONGO_WAITS.connectionMs, unit: 'ms', above: 'RESOURCE_EXHAUSTED with a delay' },
    meaning: 'wait for a connection to MongoDB while all are used',
  },
  {
    ...{ of: 'call', value: PATIENCE_MS, unit: 'ms', above: 'UNAVAILABLE with a delay' },
    meaning: 'wait of a decision for a partition that is closed, or for a JetStream that does not answer',
  },
  {
    ...{ of: 'call', value: MAX_REPEATS, unit: '', above: 'ABORTED' },
    meaning: 'times that a decision is made again because another one has its version',
  },
  {
    ...{
      of: 'process',
      value: PAGES_AT_ONCE,
      unit: '',
      above: 'the call waits; a client has at most a quarter of them',
    },
    meaning: 'pages of samples that are read at the same time',
  },
  {
    ...{
      of: 'process',
      value: LARGEST_AT_ONCE,
      unit: '',
      above: 'the call waits; a client leaves room for others',
    },
    meaning:
      'vehicles that a kind of list has in memory at once, if each has as many signals as it can, and more of smaller ones',
  },
  {
    ...{ of: 'process', value: TURN_MS, unit: 'ms', above: 'it goes on in a later turn' },
    meaning: 'work in a turn of the event loop whose length a vehicle or a caller decides',
  },
  {
    ...{
      of: 'process',
      value: SHARED_PUBLISHER_OPTIONS.maxQueuedBytes,
      unit: 'bytes',
      above: 'RESOURCE_EXHAUSTED with a delay',
    },
    meaning: 'memory for decisions that wait for disk; a partition may hold as much as is free, alone half',
  },
  {
    ...{ of: 'process', value: CACHE_BYTES, unit: 'bytes', above: 'what was used longest ago is dropped' },
    meaning: 'memory, for each partition, of stored keys of reports in which late ones are looked up',
  },
  {
    ...{
      of: 'process',
      value: MAX_KEPT_BYTES,
      unit: 'bytes',
      above: 'the page that was used longest ago is dropped',
    },
    meaning: 'memory, roughly, of pages of vehicle ids that lists have read',
  },
  {
    ...{
      of: 'process',
      value: MAX_KEYS,
      unit: '',
      above: 'the one that decided longest ago is forgotten, and may make as many at once again',
    },
    meaning: 'clients whose rates of decisions are known',
  },
  {
    ...{
      of: 'process',
      value: LIST_EVERY_MS,
      unit: 'ms',
      above: 'those who ask wait for the next list and share it',
    },
    meaning: 'time between two lists of parked events, for each of which the views are stored',
  },
  {
    ...{ of: 'report', value: MAX_OTHER_SIGNALS, unit: '', above: 'the first by name are kept' },
    meaning: 'signals without a known field in a sample and in a status, over all reports',
  },
  { ...REGISTRATION, value: REGISTRATION_LIMITS.fleet, meaning: 'characters of the name of a fleet' },
  {
    ...REGISTRATION,
    value: REGISTRATION_LIMITS.text,
    meaning: 'characters of a model and of a display name',
  },
  { ...REGISTRATION, value: REGISTRATION_LIMITS.tags, meaning: 'tags' },
  { ...REGISTRATION, value: REGISTRATION_LIMITS.tag, meaning: 'characters of a tag' },
  { ...REGISTRATION, value: REGISTRATION_LIMITS.capabilities, meaning: 'capabilities' },
  { ...REGISTRATION, value: DECISION_ID_MAX_LENGTH, meaning: 'characters of the id of a decision' },
  {
    ...{
      of: 'registration',
      value: REMEMBERED_DECISIONS,
      unit: '',
      above: 'INVALID_ARGUMENT for an older one',
    },
    meaning: 'decisions about a vehicle that get the same answer when they are sent again',
  },
];
