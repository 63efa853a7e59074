import type { Client } from '@odograph/client';
import type { PartitionInfo } from '@odograph/client/generated/odograph/history/v1/event_log';
import { PartitionState } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { inWords } from './durations.ts';

const ASK_WITHIN_MS = 2_000;
/** What fails for a shorter time passes by itself. */
const FAILS_FOR_MS = 2_000;

/**
 * Why the log does not go on: then statuses are those of before. Undefined if it does. Throws a Fault if history does not say.
 * @param partition the only one that is looked at; default: all
 */
export async function troubleOfLog(
  client: Client,
  { partition, signal }: { readonly partition?: number; readonly signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const partitions = await client.describeLog({ deadlineMs: ASK_WITHIN_MS, signal });
  const asked = partitions.filter((each) => partition === undefined || partitionIn(each) === partition);
  const [trouble, ...others] = asked.flatMap((each) => stuckBy(each, Date.now()) ?? []);
  return others.length === 0 ? trouble : `${trouble}, and ${others.length} more`;
}

const partitionIn = ({ watermark }: PartitionInfo) => watermark?.partition ?? 0;

function stuckBy(info: PartitionInfo, nowMs: number): string | undefined {
  const { state, reason, failingSinceMs, lastError } = info;
  const partition = `partition ${partitionIn(info)}`;
  if (state === PartitionState.HALTED) return `${partition} of the log is halted: ${reason}`;
  if (failingSinceMs === 0 || nowMs - failingSinceMs < FAILS_FOR_MS) return undefined;
  return `history has appended nothing to ${partition} for ${inWords(nowMs - failingSinceMs)}: ${lastError}`;
}
