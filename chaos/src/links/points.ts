import { logSubject, streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import type { Frame } from './frames.ts';
import type { MongoFrame } from './mongo-frames.ts';
import type { NatsFrame } from './nats-frames.ts';

/** A step of an event on its way to disk and into the views: a message that is about to be forwarded. */
export type PointName =
  | 'envelope sent'
  | 'envelope acknowledged'
  | 'insert sent'
  | 'insert answered'
  | 'ledger sent'
  | 'ledger answered'
  | 'ledger checkpoint sent'
  | 'broadcast'
  | 'flush sent'
  | 'flush answered'
  | 'checkpoint sent'
  | 'checkpoint answered'
  | 'decision sent'
  | 'decision acknowledged'
  | 'registration sent'
  | 'registration answered';

/** The links that have points. */
export type PointLink = 'ingest-nats' | 'history-nats' | 'history-mongo';

interface Point {
  readonly link: PointLink;
  isAt(frame: Frame): boolean;
}

/** In the order in which an event passes them; then those of decisions. */
export const POINTS: Readonly<Record<PointName, Point>> = {
  /** Ingest has closed an envelope and JetStream does not have it: the callers wait, nothing is acknowledged. */
  'envelope sent': { link: 'ingest-nats', isAt: onNats(isEnvelope) },
  /** JetStream has the envelope on disk, now or from an earlier attempt, and ingest does not know it. */
  'envelope acknowledged': { link: 'ingest-nats', isAt: onNats(isPubAck) },
  /** The writer has read and judged a batch, and the log has none of it. */
  'insert sent': { link: 'history-mongo', isAt: asked(isInsert) },
  /** The log has the batch and the writer does not know it: nothing is broadcast. */
  'insert answered': { link: 'history-mongo', isAt: answered(isInsert) },
  /** The log has the envelopes, or nothing is new: followers in other processes look, now or a little later. */
  broadcast: { link: 'history-nats', isAt: onNats(isBroadcast) },
  /** The log has the reports; the stored ledger does not know some of them. */
  'ledger sent': { link: 'history-mongo', isAt: asked(isLedger) },
  /** Part of the ledger is stored, and its checkpoint has not moved. */
  'ledger answered': { link: 'history-mongo', isAt: answered(isLedger) },
  /** All of the ledger is stored; its checkpoint has not moved. */
  'ledger checkpoint sent': { link: 'history-mongo', isAt: asked(isLedgerCheckpoint) },
  /** The views are folded; the documents of one read model, of up to a hundred vehicles, are not stored. */
  'flush sent': { link: 'history-mongo', isAt: asked(isFlush) },
  /** Those documents are stored, and the checkpoint has not moved. */
  'flush answered': { link: 'history-mongo', isAt: answered(isFlush) },
  /** All documents are stored; the checkpoint has not moved. */
  'checkpoint sent': { link: 'history-mongo', isAt: asked(isCheckpoint) },
  /** The checkpoint has moved, or another owner moved it, and the views do not know it: the tail is not trimmed. */
  'checkpoint answered': { link: 'history-mongo', isAt: answered(isCheckpoint) },
  /** History has decided, and JetStream does not have the event. */
  'decision sent': { link: 'history-nats', isAt: onNats(isEnvelope) },
  /** JetStream has the event, and the process that decided does not know it. */
  'decision acknowledged': { link: 'history-nats', isAt: onNats(isPubAck) },
  /** The decisions are folded, and the documents on which the next ones are made are not stored. */
  'registration sent': { link: 'history-mongo', isAt: asked(isFlushOfDecisions) },
  /** Those documents are stored, and the checkpoint has not moved. */
  'registration answered': { link: 'history-mongo', isAt: answered(isFlushOfDecisions) },
};

/** Whether only decisions pass a point. */
export function isPointOfDecision(name: PointName): boolean {
  return /^(decision|registration)/.test(name);
}

/** Whether a frame is at a point. */
export function isPoint(name: PointName, frame: Frame): boolean {
  return POINTS[name].isAt(frame);
}

/** An acknowledgement has a few hundred bytes at most; longer payloads are not parsed. */
const MAX_ACK_BYTES = 1_024;
const OPENING_BRACE = 0x7b;

type OnMongo = (request: MongoFrame) => boolean;

function onNats(isAt: (frame: NatsFrame) => boolean): Point['isAt'] {
  return (frame) => frame.protocol === 'nats' && isAt(frame);
}

function asked(isAt: OnMongo): Point['isAt'] {
  return (frame) => frame.protocol === 'mongo' && frame.direction === 'request' && isAt(frame);
}

function answered(isAt: OnMongo): Point['isAt'] {
  return (frame) => frame.protocol === 'mongo' && frame.request !== undefined && isAt(frame.request);
}

function isEnvelope({ verb, subject }: NatsFrame): boolean {
  return isPublish(verb) && isOfPartition(streamSubject, subject);
}

/** A refusal from the same stream looks like an acknowledgement with an `error`. */
function isPubAck({ verb, payload }: NatsFrame): boolean {
  const isMessage = verb === 'MSG' || verb === 'HMSG';
  if (!isMessage || payload.length > MAX_ACK_BYTES || payload[0] !== OPENING_BRACE) return false;
  const answer = readJson(payload);
  const { stream } = answer;
  if (typeof stream !== 'string' || answer['error'] !== undefined) return false;
  return isOfPartition(streamName, stream) && typeof answer['seq'] === 'number';
}

function isBroadcast({ verb, subject }: NatsFrame): boolean {
  return isPublish(verb) && isOfPartition(logSubject, subject);
}

function isInsert({ command, collection }: MongoFrame): boolean {
  return command === 'insert' && collection === 'envelopes';
}

function isLedger(request: MongoFrame): boolean {
  return isUpdate(request) && request.collection === 'ledger';
}

/** The update that creates a missing checkpoint compares no sequence. */
function isLedgerCheckpoint(request: MongoFrame): boolean {
  return (
    isUpdate(request) && request.collection === 'ledger_checkpoints' && comparesWith(request, 'sequence')
  );
}

function isFlush(request: MongoFrame): boolean {
  return isStored(request) && /^(status|samples)_v\d+$/.test(request.collection);
}

function isFlushOfDecisions(request: MongoFrame): boolean {
  return isStored(request) && /^registration_v\d+$/.test(request.collection);
}

/** A new slice of a view is inserted, and one that is stored already is updated. */
function isStored(request: MongoFrame): boolean {
  return isUpdate(request) || request.command === 'insert';
}

/** The update that creates a missing checkpoint compares no sequence. */
function isCheckpoint(request: MongoFrame): boolean {
  return isUpdate(request) && request.collection === 'checkpoints' && comparesWith(request, 'sequence');
}

function isUpdate({ command }: MongoFrame): boolean {
  return command === 'update';
}

function comparesWith(request: MongoFrame, field: string): boolean {
  const updates: unknown = request.body()?.['updates'];
  return Array.isArray(updates) && updates.some(({ q }: { readonly q?: object }) => q && field in q);
}

function isPublish(verb: string): boolean {
  return verb === 'PUB' || verb === 'HPUB';
}

/** Whether a name is the one of some partition. */
function isOfPartition(nameOf: (partition: number) => string, name: string): boolean {
  const digits = /\d+$/.exec(name);
  return digits !== null && name === nameOf(Number(digits[0]));
}

/** Empty if it is not JSON: a payload that starts with a brace may be anything. */
function readJson(payload: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
