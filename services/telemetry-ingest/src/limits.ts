import { MAX_ENVELOPE_BYTES } from '@odograph/event-log/envelope';
import { SHARED_PUBLISHER_OPTIONS } from '@odograph/event-log/publisher-options';
import { PATIENCE_MS } from '@odograph/event-log/stream-watch';
import { VSS_PATH_MAX_LENGTH } from '@odograph/kernel/signal';
import { VEHICLE_ID_MAX_LENGTH } from '@odograph/kernel/vehicle-id';
import type { FixedLimit } from '@odograph/platform/config/limit';
import { MAX_KEYS } from '@odograph/platform/token-bucket';
import { MESSAGE_HEADROOM, NOT_TAKEN, WINDOW_BATCHES } from './config.ts';
import { MAX_FINDINGS } from './domain/findings.ts';
import {
  CLOCK_TEXT_MAX_LENGTH,
  OTHERS_MAX_COUNT,
  QUOTED_MAX_LENGTH,
  REPORT_ID_MAX_LENGTH,
  TEXT_MAX_LENGTH,
} from './domain/readable.ts';
import { DESCRIBED_FINDINGS } from './domain/split-samples.ts';
import { TURN_MS } from './door/batch-intake.ts';
import { REPORTS_PER_ACK } from './door/connection.ts';
import { REPORT_MAX_BYTES } from './door/decode-report.ts';
import { MAX_CLIENTS } from './door/recent-windows.ts';
import { FURTHER_FINDINGS } from './door/results.ts';

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
    ...{ of: 'message', value: FURTHER_FINDINGS, unit: '', above: 'the others are counted' },
    meaning: 'findings that are listed beside the first of each report',
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
    meaning: 'findings of a report that are listed',
  },
  {
    ...{ of: 'report', value: QUOTED_MAX_LENGTH, unit: '', above: 'it is cut' },
    meaning: 'characters of a wrong value that a finding quotes',
  },
  {
    ...{
      of: 'report',
      value: DESCRIBED_FINDINGS,
      unit: '',
      above: 'a sample keeps its first one, without the description',
    },
    meaning: 'findings with their descriptions that are stored with what was set aside',
  },
  {
    ...{ of: 'call', value: PATIENCE_MS, unit: 'ms', above: 'the report is UNAVAILABLE with a delay' },
    meaning: 'wait of a report for a partition that is closed, or for a JetStream that does not answer',
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
    ...{ of: 'connection', value: REPORTS_PER_ACK, unit: '', above: 'another acknowledgement follows' },
    meaning: 'reports in an acknowledgement of `Connect`, unless one batch alone has more',
  },
  {
    ...{ of: 'process', value: MAX_ENVELOPE_BYTES, unit: 'bytes', above: 'another envelope follows' },
    meaning: 'events that are stored together',
  },
  {
    ...{ of: 'process', value: SHARED_PUBLISHER_OPTIONS.maxQueuedBytes, unit: 'bytes', above: NOT_TAKEN },
    meaning: 'memory for events that wait for disk; a partition may hold as much as is free, alone half',
  },
  {
    ...{ of: 'process', value: TURN_MS, unit: 'ms', above: 'it goes on in a later turn' },
    meaning: 'work on a batch in a turn of the event loop; one report more may begin before',
  },
  {
    ...{
      of: 'process',
      value: MAX_KEYS,
      unit: '',
      above: 'the one that sent longest ago is forgotten, and may send as much at once again',
    },
    meaning: 'clients whose rates are known',
  },
  {
    ...{
      of: 'process',
      value: MAX_CLIENTS,
      unit: '',
      above: 'those of the one that reported longest ago count again',
    },
    meaning: 'clients whose vehicles of the last 15 s are remembered',
  },
];
