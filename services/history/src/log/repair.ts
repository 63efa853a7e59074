import {
  type JetStreamClient,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { encodeEvent } from '@odograph/contracts/event-catalogue';
import { encodeEnvelopeEntry } from '@odograph/event-log/envelope';
import { natsProblem } from '@odograph/event-log/nats-problem';
import { repairSubject, streamName } from '@odograph/event-log/nats-subjects';
import { packEnvelope } from '@odograph/event-log/packed-envelope';
import { logSubjectId } from '@odograph/event-log/substitute-events';
import { closeToPublishers, type StreamSettings } from './streams.ts';

/** How far the sequences jump, so that no sequence from before the repair is used again after it. */
const SEQUENCE_JUMP = 1_000_000;

interface RepairDeps {
  readonly manager: JetStreamManager;
  readonly jetstream: JetStreamClient;
  readonly partition: number;
  readonly streams: StreamSettings;
  /** The last envelope of the log. */
  readonly watermark: number;
  readonly nowMs: number;
  /** Aborted when the lease is lost. The next owner continues. */
  readonly signal: AbortSignal;
}

/**
 * Makes an unknown stream usable for the log: its sequences jump above all that the log has.
 *
 * Publishers lose access first. Then a marker is published: every acknowledged envelope has a sequence below it. All these
 * envelopes are set aside, and {@link restoreSetAside} publishes them again after the jump; the log recognizes the ones it
 * has by the reports' keys. Until {@link openToPublishers} the stream is marked as under repair, so a repair that a crash
 * interrupted starts again, at any point. Gives the first sequence after the jump.
 */
export async function repairStream(deps: RepairDeps): Promise<number> {
  const { manager, jetstream, partition, watermark } = deps;
  await closeToPublishers(manager, partition);
  const { seq: fence } = await jetstream.publish(repairSubject(partition), EMPTY_ENVELOPE);
  await setAside(deps, fence);
  const resumedSequence = Math.max(watermark, fence) + SEQUENCE_JUMP + 1;
  await manager.streams.purge(streamName(partition), { seq: resumedSequence });
  await publishGap(deps, fence - 1, resumedSequence);
  return resumedSequence;
}

const EMPTY_ENVELOPE = new Uint8Array();

/** Publishes the envelopes again that a repair set aside, before publishers have access. Does nothing if there are none. */
export async function restoreSetAside({ manager, jetstream, partition, signal }: RepairDeps): Promise<void> {
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

/** Copies the envelopes below the marker. */
async function setAside(
  { manager, jetstream, partition, streams, signal }: RepairDeps,
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

/** The gap is an event: the first one after the jump. */
async function publishGap(
  { jetstream, partition, watermark, nowMs }: RepairDeps,
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
  await jetstream.publish(repairSubject(partition), packEnvelope([encodeEnvelopeEntry(gap)]));
}

function missingIsUndefined(error: unknown): undefined {
  if (natsProblem(error) === 'stream missing') return undefined;
  throw error;
}
