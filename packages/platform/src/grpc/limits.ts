import { MAX_GROUP_DEPTH } from '@odograph/contracts/wire/fields';
import type { FixedLimit } from '../config/limit.ts';
import { MAX_SCRAPERS, REQUEST_TIMEOUT_MS } from '../metrics.ts';
import { MAX_BESIDE_CALLS_BYTES } from './bytes-beside-calls.ts';
import { MAX_DEADLINE_MS } from './call.ts';
import { CALL_COST, CALLS_IN_A_TURN } from './client-connections.ts';
import { LINGER_MS } from './ended-connections.ts';
import { REFUSAL_MS } from './guarded-stream.ts';
import { FREE_CHUNKS, MIN_CHUNK_BYTES } from './message-meter.ts';
import { MAX_QUESTION_BYTES } from './reflection.ts';
import { MAX_HEADER_BYTES } from './request-headers.ts';
import { MAX_RESETS } from './resets.ts';
import { DEFAULT_LIMITS, MAX_STREAMS, PINGS } from './server.ts';
import { FINDINGS_MAX_BYTES, MESSAGE_MAX_CHARACTERS } from './status.ts';
import { TRACEPARENT_MAX_LENGTH } from './traceparent.ts';

/** What every server bounds, whatever its settings. */
export const fixedLimits: readonly FixedLimit[] = [
  {
    ...{ of: 'message', value: DEFAULT_LIMITS.finishMs, unit: 'ms', above: 'DEADLINE_EXCEEDED' },
    meaning:
      'time from the first byte of a message to its last, and from the start of a call with one request to its end',
  },
  {
    ...{ of: 'message', value: FREE_CHUNKS, unit: '', above: 'its connection is ended' },
    meaning: `pieces in which a message arrives, and one more for each ${MIN_CHUNK_BYTES} bytes of it`,
  },
  {
    ...{ of: 'message', value: MAX_GROUP_DEPTH, unit: '', above: 'it is refused as wrong bytes' },
    meaning: 'groups of protobuf in one another, which no contract has',
  },
  {
    ...{ of: 'message', value: MAX_QUESTION_BYTES, unit: 'bytes', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'a request of reflection',
  },
  {
    ...{ of: 'call', value: MAX_HEADER_BYTES, unit: 'bytes', above: 'RESOURCE_EXHAUSTED' },
    meaning: 'names and values of headers, with 32 for each; those that no method reads are not kept',
  },
  {
    ...{ of: 'call', value: TRACEPARENT_MAX_LENGTH, unit: '', above: 'it is left out' },
    meaning: 'characters of a trace context, which each event of the call keeps',
  },
  {
    ...{ of: 'call', value: MAX_DEADLINE_MS, unit: 'ms', above: 'it is cut; streams that stay excepted' },
    meaning: 'the deadline of a caller',
  },
  {
    ...{ of: 'call', value: DEFAULT_LIMITS.takeMs, unit: 'ms', above: 'CANCELLED' },
    meaning: 'time in which a client takes a message that waits for it',
  },
  {
    ...{ of: 'call', value: 1, unit: '', above: 'the next one is made when it is taken' },
    meaning: 'messages of a stream of answers that wait for the client',
  },
  {
    ...{ of: 'call', value: REFUSAL_MS, unit: 'ms', above: 'it is reset' },
    meaning: 'time in which a client takes the refusal of a call that it left unfinished',
  },
  {
    ...{ of: 'call', value: MESSAGE_MAX_CHARACTERS, unit: '', above: 'it is cut' },
    meaning: 'characters of the message of a status, and of a description in its details',
  },
  {
    ...{ of: 'call', value: FINDINGS_MAX_BYTES, unit: 'bytes', above: 'the others are counted' },
    meaning: 'findings in the details of a status',
  },
  {
    ...{ of: 'connection', value: MAX_STREAMS, unit: '', above: 'further ones wait at the client' },
    meaning: 'calls at a time',
  },
  {
    ...{ of: 'connection', value: PINGS.answerMs, unit: 'ms', above: 'it is ended' },
    meaning: `time in which a client answers a ping, after ${PINGS.everyMs / 1_000} s without one`,
  },
  {
    ...{ of: 'connection', value: LINGER_MS, unit: 'ms', above: 'its socket is closed' },
    meaning:
      'time in which a client takes what was sent last and closes its half, once the connection has ended',
  },
  {
    ...{ of: 'connection', value: REQUEST_TIMEOUT_MS, unit: 'ms', above: '408, and it is closed' },
    meaning: 'time in which a request to `/metrics` arrives',
  },
  {
    ...{
      of: 'client',
      value: CALLS_IN_A_TURN,
      unit: '',
      above: 'its connections wait, and are read in turns',
    },
    meaning: `calls that come in a turn of the event loop; a call counts as ${CALL_COST} pieces of messages`,
  },
  {
    ...{ of: 'client', value: 1, unit: '', above: 'further ones wait, and clients take turns' },
    meaning: 'answers of health and of reflection in a turn of the event loop',
  },
  {
    ...{ of: 'client', value: 1, unit: '', above: 'further ones wait' },
    meaning: 'compressed messages that are expanded at a time',
  },
  {
    ...{ of: 'client', value: MAX_RESETS, unit: '', above: 'a connection on which one is reset is ended' },
    meaning: 'calls that are reset as soon as they are opened, in 10 seconds',
  },
  {
    ...{ of: 'client', value: MAX_BESIDE_CALLS_BYTES, unit: 'bytes', above: 'its connections are ended' },
    meaning: 'bytes beside calls in a second, such as WINDOW_UPDATE and PING',
  },
  {
    ...{ of: 'client', value: MAX_SCRAPERS, unit: '', above: 'further ones are closed at once' },
    meaning: 'connections to `/metrics`, each for one scrape; four times as many for all clients',
  },
];
