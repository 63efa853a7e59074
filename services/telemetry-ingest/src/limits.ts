import { MAX_ENVELOPE_BYTES } from '@odograph/event-log/envelope';
import { VSS_PATH_MAX_LENGTH } from '@odograph/kernel/signal';
import { VEHICLE_ID_MAX_LENGTH } from '@odograph/kernel/vehicle-id';
import type { FixedLimit } from '@odograph/platform/config/limit';
import { MESSAGE_HEADROOM, WINDOW_BATCHES } from './config.ts';
import { MAX_FINDINGS } from './domain/findings.ts';
import {
  CLOCK_TEXT_MAX_LENGTH,
  OTHERS_MAX_COUNT,
  REPORT_ID_MAX_LENGTH,
  TEXT_MAX_LENGTH,
} from './domain/readable.ts';
import { REPORT_MAX_BYTES } from './door/decode-report.ts';

const REJECTED = { of: 'report', unit: '', above: 'the report is rejected' } as const;

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
  { ...REJECTED, value: VEHICLE_ID_MAX_LENGTH, meaning: 'characters of a vehicle id' },
  { ...REJECTED, value: REPORT_ID_MAX_LENGTH, meaning: 'characters of a report id' },
  { ...REJECTED, value: OTHERS_MAX_COUNT, meaning: 'signals without a known field in a sample of a report' },
  { ...REJECTED, value: VSS_PATH_MAX_LENGTH, meaning: 'characters of the path of a signal' },
  { ...REJECTED, value: TEXT_MAX_LENGTH, meaning: 'characters of a text' },
  { ...REJECTED, value: CLOCK_TEXT_MAX_LENGTH, meaning: 'characters of a clock text' },
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
