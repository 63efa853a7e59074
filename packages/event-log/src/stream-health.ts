import { PartitionState } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { Broadcast } from './broadcast.ts';

/** A partition's stream as JetStream describes it. */
export interface ObservedStream {
  readonly createdAtMs: number;
  readonly lastSequence: number;
  /** Used share of its maximum bytes, 0 to 1; 0 without a maximum. */
  readonly filledRatio: number;
}

/** How much room there is for a partition's events. */
export interface PartitionRoom {
  /** Used share of the stream's bytes, 0 to 1; undefined while the stream is missing. */
  readonly filledRatio: number | undefined;
  /** Free share of the log's disk, 0 to 1; undefined if history has not reported it lately. */
  readonly freeDiskRatio: number | undefined;
}

/** JetStream does not answer, or not as it should. */
interface Silence {
  readonly reason: string;
  readonly sinceMs: number;
}

/** After this long without a broadcast, the last one no longer counts: history may be down. */
const BROADCAST_VALID_MS = 30_000;

/** History checks each stream every second: after this long, a stream that it calls running has been checked. */
const CHECKED_AFTER_MS = 3_000;

/**
 * Decides whether one partition may take events, from its stream, from history's broadcasts and from acknowledgements.
 * Times come from one monotonic clock, in milliseconds.
 */
export class StreamHealth {
  #stream: ObservedStream | undefined;
  #broadcast: Broadcast | undefined;
  #heardAtMs = 0;
  /** The highest sequence that this stream acknowledged to us. */
  #lastAcknowledged = 0;
  /** Set from an acknowledgement that went backwards until history has checked the stream. */
  #wentBackwardsAtMs: number | undefined;
  #isBehindLog = false;
  /** When JetStream last answered anything about the stream. */
  #answeredAtMs = 0;
  #silence: Silence | undefined;

  /** History sent a broadcast about the partition. */
  heard(broadcast: Broadcast, nowMs: number): void {
    this.#broadcast = broadcast;
    this.#heardAtMs = nowMs;
  }

  /** The last sequence that the log has, as far as known. Read it before you look at the stream, and pass it to `seen`. */
  watermark(nowMs: number): number {
    if (nowMs - this.#heardAtMs > BROADCAST_VALID_MS) this.#broadcast = undefined;
    return this.#broadcast?.watermark ?? 0;
  }

  /** JetStream described the stream. It must reach at least as far as the log did before. */
  seen(stream: ObservedStream, watermark: number, nowMs: number): void {
    if (this.#stream && this.#stream.createdAtMs !== stream.createdAtMs) this.#lastAcknowledged = 0;
    this.#stream = stream;
    this.#answered(nowMs);
    this.#isBehindLog = stream.lastSequence < watermark;
    if (this.#wentBackwardsAtMs === undefined || !this.#isChecked(nowMs - this.#wentBackwardsAtMs)) return;
    this.#lastAcknowledged = 0;
    this.#wentBackwardsAtMs = undefined;
  }

  /** JetStream has no stream for the partition. */
  missing(nowMs: number): void {
    this.#stream = undefined;
    this.#answered(nowMs);
  }

  /** JetStream did not describe the stream, although it was asked. It counts if nothing was answered in the meantime. */
  notSeen(reason: string, askedAtMs: number): void {
    if (this.#answeredAtMs > askedAtMs) return;
    this.#silence = { reason, sinceMs: this.#silence?.sinceMs ?? askedAtMs };
  }

  /** Why JetStream cannot be asked now, and since when; undefined if it answers. What was sent may still be stored. */
  get silence(): Silence | undefined {
    return this.#silence;
  }

  /** The stream acknowledged an envelope. Returns false, and closes the partition, if the sequence is not above the last. */
  acknowledged(sequence: number, nowMs: number): boolean {
    this.#answered(nowMs);
    if (sequence <= this.#lastAcknowledged) {
      this.#wentBackwardsAtMs = nowMs;
      return false;
    }
    this.#lastAcknowledged = sequence;
    return true;
  }

  /** Why the partition takes no events now; undefined if it takes them. */
  closedBecause(): string | undefined {
    if (!this.#stream) return 'its stream is missing';
    if (this.#wentBackwardsAtMs !== undefined) return 'its stream went backwards and waits for repair';
    if (this.#isBehindLog) return 'its stream ends below the log and waits for repair';
    // History may be down: the stream is the buffer for exactly that time.
    if (!this.#broadcast) return undefined;
    if (this.#broadcast.state === PartitionState.HALTED) return 'history has halted it';
    if (!this.#isStreamOfLog()) return 'its stream is not the one that the log knows';
    return undefined;
  }

  get room(): PartitionRoom {
    return { filledRatio: this.#stream?.filledRatio, freeDiskRatio: this.#broadcast?.freeDiskRatio };
  }

  #answered(nowMs: number): void {
    this.#answeredAtMs = nowMs;
    this.#silence = undefined;
  }

  #isChecked(elapsedMs: number): boolean {
    const isRunning = this.#broadcast?.state === PartitionState.RUNNING;
    return isRunning && this.#isStreamOfLog() && elapsedMs > CHECKED_AFTER_MS;
  }

  #isStreamOfLog(): boolean {
    return this.#broadcast?.streamCreatedAtMs === this.#stream?.createdAtMs;
  }
}
