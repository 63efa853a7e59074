import { LogBroadcast } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { logSubject, streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import type { MongoFrame } from './mongo-frames.ts';
import type { NatsFrame } from './nats-frames.ts';
import type { Frame } from './protocol.ts';

/** A moment on an event's way to disk and into the views: a message that is about to be handed over. */
export type PointName =
  | 'envelope sent'
  | 'envelope acknowledged'
  | 'insert sent'
  | 'insert answered'
  | 'watermark sent'
  | 'watermark answered'
  | 'broadcast'
  | 'flush sent'
  | 'flush answered'
  | 'checkpoint sent'
  | 'checkpoint answered';

/** The links that points lie on. */
export type PointLink = 'ingest-nats' | 'history-nats' | 'history-mongo';

export interface Point {
  readonly link: PointLink;
  isAt(frame: Frame): boolean;
}

/** In the order of an event's way. */
export const POINTS: Readonly<Record<PointName, Point>> = {
  /** The door has an envelope closed, and JetStream does not have it: its callers wait, nothing is acknowledged. */
  'envelope sent': { link: 'ingest-nats', isAt: onNats(isEnvelope) },
  /** JetStream has the envelope on disk, or had it before, and the door does not know. */
  'envelope acknowledged': { link: 'ingest-nats', isAt: onNats(isPubAck) },
  /** The writer has read a batch; the log has nothing of it. A batch that holds a conflict has a second one for that. */
  'insert sent': { link: 'history-mongo', isAt: asked(isInsert) },
  /** The log has the batch's events, and the writer does not know: the watermark is still below them. */
  'insert answered': { link: 'history-mongo', isAt: answered(isInsert) },
  /** The writer knows of its events; the watermark, which makes them part of the log, has not moved. */
  'watermark sent': { link: 'history-mongo', isAt: asked(isWatermark) },
  /** The watermark has moved, or the lease is another's, and the writer does not know: nobody was told. */
  'watermark answered': { link: 'history-mongo', isAt: answered(isWatermark) },
  /** The log has the envelopes; who follows it live hears of them with this, or reads them later. */
  broadcast: { link: 'history-nats', isAt: onNats(isBroadcast) },
  /** The views have folded; the documents of one read model, of up to a hundred vehicles, are not stored. */
  'flush sent': { link: 'history-mongo', isAt: asked(isFlush) },
  /** Those documents are stored, and the checkpoint is still behind them. */
  'flush answered': { link: 'history-mongo', isAt: answered(isFlush) },
  /** All documents are stored; the checkpoint has not moved. */
  'checkpoint sent': { link: 'history-mongo', isAt: asked(isCheckpoint) },
  /** The checkpoint has moved, or somebody else's has, and the views do not know: the tail is not trimmed. */
  'checkpoint answered': { link: 'history-mongo', isAt: answered(isCheckpoint) },
};

/** Whether a frame is at a point. */
export function isPoint(name: PointName, frame: Frame): boolean {
  return POINTS[name].isAt(frame);
}

/** An acknowledgement has some hundred bytes at most; what is longer need not be read. */
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

/** An acknowledgement or, from the same stream, a refusal: that has an `error`. */
function isPubAck({ verb, payload }: NatsFrame): boolean {
  const isMessage = verb === 'MSG' || verb === 'HMSG';
  if (!isMessage || payload.length > MAX_ACK_BYTES || payload[0] !== OPENING_BRACE) return false;
  const answer = readJson(payload);
  const { stream } = answer;
  if (typeof stream !== 'string' || answer['error'] !== undefined) return false;
  return isOfPartition(streamName, stream) && typeof answer['seq'] === 'number';
}

function isBroadcast({ verb, subject, payload }: NatsFrame): boolean {
  if (!isPublish(verb) || !isOfPartition(logSubject, subject)) return false;
  return LogBroadcast.decode(payload).envelopes.length > 0;
}

function isInsert({ command, collection }: MongoFrame): boolean {
  return command === 'insert' && collection === 'events';
}

/** A lease is renewed, and a stream recorded, by the token alone. */
function isWatermark(request: MongoFrame): boolean {
  return isUpdate(request) && request.collection === 'partitions' && comparesWith(request, 'watermark');
}

function isFlush(request: MongoFrame): boolean {
  return isUpdate(request) && /^(status|samples)_v\d+$/.test(request.collection);
}

/** A checkpoint that is not there yet is made at the log's start first, which compares nothing. */
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

/** Whether a name is what a partition's is, for any partition. */
function isOfPartition(nameOf: (partition: number) => string, name: string): boolean {
  const digits = /\d+$/.exec(name);
  return digits !== null && name === nameOf(Number(digits[0]));
}

/** Empty for what is no JSON: a payload may begin as one and be anything. */
function readJson(payload: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
