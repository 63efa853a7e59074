import {
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import { Envelope } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { repairSubject, streamName } from '@odograph/event-log/nats-subjects';
import { logSubjectId } from './log-subject.ts';
import { closeToDoors, type StreamSettings } from './streams.ts';

/** How far the sequences are moved on, so that none of the stream's former life can meet one of its next. */
const SEQUENCE_JUMP = 1_000_000;

export interface RepairParts {
  readonly manager: JetStreamManager;
  readonly jetstream: JetStreamClient;
  readonly partition: number;
  readonly streams: StreamSettings;
  /** The highest sequence that the log knows of. */
  readonly knownSequence: number;
  readonly watermark: number;
  readonly nowMs: number;
  /** Aborted when the lease is lost: somebody else goes on. */
  readonly signal: AbortSignal;
}

/**
 * Makes a strange stream one that the log can go on with: its sequences jump above all that the log knows.
 *
 * The doors are shut out first, and a marker that is acknowledged after that is the fence: whatever they were told is on
 * disk lies below it. All that is set aside, to be published again after the jump by {@link restoreSetAside}; what of it
 * the log has already, it recognises by the reports' keys. Until {@link openToDoors} the stream says that it is under
 * repair, so one that a crash cut short is begun again, at any point. Gives the first sequence after the jump.
 */
export async function repairStream(parts: RepairParts): Promise<number> {
  const { manager, jetstream, partition, knownSequence } = parts;
  await closeToDoors(manager, partition);
  const { seq: fence } = await jetstream.publish(repairSubject(partition), NOTHING);
  await setAside(parts, fence);
  const resumedSequence = Math.max(knownSequence, fence) + SEQUENCE_JUMP + 1;
  await manager.streams.purge(streamName(partition), { seq: resumedSequence });
  await publishGap(parts, fence - 1, resumedSequence);
  return resumedSequence;
}

/** An envelope without events. */
const NOTHING = new Uint8Array();

/** Publishes again what a repair set aside, before the doors are let in; does nothing when there is nothing. */
export async function restoreSetAside({ manager, jetstream, partition, signal }: RepairParts): Promise<void> {
  const name = setAsideName(partition);
  const info = await manager.streams.info(name).catch(missingIsUndefined);
  if (!info) return;
  const { first_seq: first, last_seq: last, messages } = info.state;
  for (let sequence = first; messages > 0 && sequence <= last; sequence += 1) {
    signal.throwIfAborted();
    const message = await manager.streams.getMessage(name, { seq: sequence });
    if (message) await jetstream.publish(repairSubject(partition), message.data);
  }
  signal.throwIfAborted();
  await manager.streams.delete(name);
}

const setAsideName = (partition: number): string => `SET-ASIDE-${partition}`;
const setAsideSubject = (partition: number): string => `set-aside.${partition}`;

/** Copies what lies below the fence. */
async function setAside(
  { manager, jetstream, partition, streams, signal }: RepairParts,
  fence: number,
): Promise<void> {
  await manager.streams.add({
    name: setAsideName(partition),
    subjects: [setAsideSubject(partition)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: streams.replicas,
  });
  const { state } = await manager.streams.info(streamName(partition));
  for (let sequence = state.first_seq; sequence < fence; sequence += 1) {
    signal.throwIfAborted();
    const message = await manager.streams.getMessage(streamName(partition), { seq: sequence });
    if (message) await jetstream.publish(setAsideSubject(partition), message.data);
  }
}

/** The gap is an event like any other: first thing in the stream's next life. */
async function publishGap(
  { jetstream, partition, watermark, nowMs }: RepairParts,
  foundLastSequence: number,
  resumedSequence: number,
): Promise<void> {
  const gap = encodeEvent({
    type: 'LogGapFound',
    subject: logSubjectId(partition),
    reportId: `gap:${watermark}:${resumedSequence}`,
    observedAtMs: nowMs,
    receivedAtMs: nowMs,
    ...{ watermark, foundLastSequence, resumedSequence },
  });
  await jetstream.publish(repairSubject(partition), Envelope.encode({ events: [gap] }).finish());
}

function missingIsUndefined(error: unknown): undefined {
  if (error instanceof Error && error.name === 'StreamNotFoundError') return undefined;
  throw error;
}
