import type { FixedLimit } from '@odograph/platform/config/limit';
import { MAX_ANSWER_BYTES } from '@odograph/platform/grpc/answer-bytes';
import { MAX_TOKEN_LENGTH } from '@odograph/platform/grpc/page-token';
import { MAX_FILTER_TEXT, MAX_PAGE_SIZE } from '@odograph/platform/grpc/request-checks';
import { MAX_INVALIDATED, MAX_KEY } from './api/cache-service.ts';
import { MAX_REQUEST_BYTES } from './api/request-bytes.ts';
import { MAX_WARMED } from './api/warming.ts';
import { MESSAGE_STATUSES } from './api/watch-stream.ts';
import { MAX_POINTS, MAX_SERIES_SAMPLES } from './calls/read-series.ts';
import { MAX_CHANGED } from './watch/watch.ts';
import { MAX_WAITING } from './watch/watches.ts';

const REFUSED = { of: 'call', unit: '', above: 'INVALID_ARGUMENT' } as const;

/** What the cache bounds, whatever its settings. */
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
    meaning: 'the size of an answer, and of a message in a stream of answers',
  },
  {
    ...{ of: 'message', value: MESSAGE_STATUSES, unit: '', above: 'another message follows' },
    meaning: 'statuses in a message of a watch',
  },
  {
    ...{ of: 'call', value: MAX_PAGE_SIZE, unit: '', above: 'it is cut' },
    meaning: 'the size of a page',
  },
  {
    ...REFUSED,
    value: MAX_PAGE_SIZE,
    meaning: 'vehicles that a list or a watch can be asked for by their ids',
  },
  { ...REFUSED, value: MAX_FILTER_TEXT, meaning: 'characters of a text that lists filter by' },
  { ...REFUSED, value: MAX_TOKEN_LENGTH, meaning: 'characters of a page token' },
  { ...REFUSED, value: MAX_INVALIDATED, meaning: 'keys, and tags, that are made invalid at once' },
  { ...REFUSED, value: MAX_KEY, meaning: 'characters of a key or a tag of the cache' },
  { ...REFUSED, value: MAX_SERIES_SAMPLES, meaning: 'samples in the range of a series' },
  { ...{ of: 'call', value: MAX_POINTS, unit: '', above: 'it is cut' }, meaning: 'points of a series' },
  { ...REFUSED, value: MAX_WARMED, meaning: 'vehicles that are loaded before they are asked for' },
  {
    ...{ of: 'call', value: MAX_CHANGED, unit: '', above: 'the watch begins again' },
    meaning: 'vehicles whose change a watch has not sent yet, above the number that it began with',
  },
  {
    ...{
      of: 'process',
      value: MAX_WAITING,
      unit: '',
      above: 'the watches with the most of them begin again',
    },
    meaning: 'vehicles whose change all watches together have not sent yet',
  },
];
