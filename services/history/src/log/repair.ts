import {
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import { Envelope } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { streamName, streamSubject } from '@odograph/event-log/names';
import { logSubjectId } from './log-subject.ts';
import type { StreamFacts } from './streams.ts';

/** How far the sequences are moved on, so that none of the stream's former life can meet one of its next. */
export const SEQUENCE_JUMP = 1_000_000;

export interface RepairParts {
  readonly manager: JetStreamManager;
  readonly jetstream: JetStreamClient;
  readonly partition: number;
  readonly found: StreamFacts;
  /** The highest sequence that the log knows of. */
  readonly knownSequence: number;
  readonly watermark: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

type RestoreParts = Pick<RepairParts, 'manager' | 'jetstream' | 'partition' | 'signal'>;

/**
 * Makes a strange stream one that the log can go on with: its sequences jump above all that the log knows.
 * What the stream held is set aside first and published again after the jump: the door may have acknowledged it.
 * What of it the log has already, it recognises by the report's key. Safe to repeat after a crash at any point.
 * Gives the first sequence after the jump.
 */
export async function repairStream(parts: RepairParts): Promise<number> {
  const { manager, partition, found, knownSequence } = parts;
  await setAside(parts);
  const resumedSequence = Math.max(knownSequence, found.lastSequence) + SEQUENCE_JUMP + 1;
  await manager.streams.purge(streamName(partition), { seq: resumedSequence });
  await publishGap(parts, resumedSequence);
  return resumedSequence;
}

/** Publishes again what a repair set aside. To be called when the log goes on; does nothing when there is nothing. */
export async function restoreSetAside({
  manager,
  jetstream,
  partition,
  signal,
}: RestoreParts): Promise<void> {
  const name = setAsideName(partition);
  const info = await manager.streams.info(name).catch(missingIsUndefined);
  if (!info) return;
  for (let sequence = info.state.first_seq; sequence <= info.state.last_seq; sequence += 1) {
    signal.throwIfAborted();
    const message = await manager.streams.getMessage(name, { seq: sequence });
    if (message) await jetstream.publish(streamSubject(partition), message.data);
  }
  await manager.streams.delete(name);
}

const setAsideName = (partition: number): string => `SET-ASIDE-${partition}`;
const setAsideSubject = (partition: number): string => `set-aside.${partition}`;

async function setAside({ manager, jetstream, partition, found, signal }: RepairParts): Promise<void> {
  if (found.lastSequence < found.firstSequence || found.lastSequence === 0) return;
  await manager.streams.add({
    name: setAsideName(partition),
    subjects: [setAsideSubject(partition)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
  });
  for (let sequence = found.firstSequence; sequence <= found.lastSequence; sequence += 1) {
    signal.throwIfAborted();
    const message = await manager.streams.getMessage(streamName(partition), { seq: sequence });
    if (message) await jetstream.publish(setAsideSubject(partition), message.data);
  }
}

/** The gap is an event like any other: first thing in the stream's next life. */
async function publishGap(
  { jetstream, partition, found, watermark, nowMs }: RepairParts,
  resumedSequence: number,
): Promise<void> {
  const gap = encodeEvent({
    type: 'LogGapFound',
    subject: logSubjectId(partition),
    reportId: `gap:${watermark}:${resumedSequence}`,
    observedAtMs: nowMs,
    receivedAtMs: nowMs,
    ...{ watermark, foundLastSequence: found.lastSequence, resumedSequence },
  });
  await jetstream.publish(streamSubject(partition), Envelope.encode({ events: [gap] }).finish());
}

function missingIsUndefined(error: unknown): undefined {
  if (error instanceof Error && error.name === 'StreamNotFoundError') return undefined;
  throw error;
}
