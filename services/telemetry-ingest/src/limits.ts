import { MAX_ENVELOPE_BYTES } from '@odograph/event-log/envelope';
import type { FixedLimit } from '@odograph/platform/config/limit';
import { MESSAGE_HEADROOM, WINDOW_BATCHES } from './config.ts';
import { MAX_FINDINGS } from './domain/findings.ts';
import { TEXT_MAX_LENGTH } from './domain/readable.ts';
import { REPORT_MAX_BYTES } from './door/decode-report.ts';

/** What ingest bounds, whatever its settings. */
export const fixedLimits: readonly FixedLimit[] = [
  {
    ...{
      of: 'message',
      value: MESSAGE_HEADROOM,
      unit: '',
      above: 'RESOURCE_EXHAUSTED by gRPC itself, which ends a connection',
    },
    meaning:
      'times the size of a message, up to which one that is too large is refused in words and ends no connection',
  },
  {
    ...{ of: 'report', value: REPORT_MAX_BYTES, unit: 'bytes', above: 'the report is rejected: split it' },
    meaning: 'a report',
  },
  {
    ...{ of: 'report', value: TEXT_MAX_LENGTH, unit: '', above: 'the signal is rejected' },
    meaning: 'characters of a text',
  },
  {
    ...{ of: 'report', value: MAX_FINDINGS, unit: '', above: 'the others are counted' },
    meaning: 'findings that are listed',
  },
  {
    ...{
      of: 'connection',
      value: WINDOW_BATCHES,
      unit: '',
      above: 'the connection is not read until one is acknowledged',
    },
    meaning: 'batches of `Connect` in progress',
  },
  {
    ...{ of: 'process', value: MAX_ENVELOPE_BYTES, unit: 'bytes', above: 'another envelope follows' },
    meaning: 'events that are stored together',
  },
];
