import { REGISTRATION_LIMITS } from '@odograph/kernel/registration';
import type { FixedLimit } from '@odograph/platform/config/limit';
import { MAX_ANSWER_BYTES } from './api/answer-bytes.ts';
import { MAX_BUFFERED_BYTES, MAX_MESSAGE_EVENTS, MAX_TYPES, MAX_WAIT_MS } from './api/event-log-service.ts';
import {
  DECISION_ID_MAX_LENGTH,
  MAX_FILTER_TEXT,
  MAX_PAGE_SIZE,
  MAX_REQUEST_BYTES,
} from './api/request-checks.ts';
import { MAX_NAMES, PAGES_AT_ONCE } from './api/sample-queries.ts';
import { LARGEST_AT_ONCE, MAX_READ } from './api/vehicle-reader.ts';
import { MAX_OTHER_SIGNALS } from './domain/signal-merge.ts';
import { BYTES_A_STRETCH } from './views/read-model-store.ts';

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
    ...{ of: 'call', value: MAX_WAIT_MS, unit: 'ms', above: 'OUT_OF_RANGE' },
    meaning: 'wait of `Read` and `Subscribe` for a position that the log does not have yet',
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
];
