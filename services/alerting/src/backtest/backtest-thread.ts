/** What a thread of backtests runs; see backtest-threads.ts. */
import type { MessagePort } from 'node:worker_threads';
import { createClient } from '@odograph/client';
import { type FaultCode, isFault } from '@odograph/kernel/fault';
import type { Finding } from '@odograph/kernel/finding';
import {
  type BacktestProgress,
  type BacktestRequest,
  backtestPartition,
  type PartitionOutcome,
} from './partition-backtest.ts';

export interface PartitionTask {
  /** Where history answers calls, and what it may send before it is read. */
  readonly history: string;
  readonly windowBytes: number;
  readonly partition: number;
  readonly request: BacktestRequest;
  /** For each {@link BacktestProgress}. */
  readonly progress: MessagePort;
}

/** A Fault as plain data. */
export interface PlainFault {
  readonly code: FaultCode;
  readonly message: string;
  readonly findings: readonly Finding[];
  readonly retryAfterMs: number | undefined;
  readonly limit: string | undefined;
}

export type PartitionAnswer = { readonly outcome: PartitionOutcome } | { readonly fault: PlainFault };

export async function backtestTask(task: PartitionTask): Promise<PartitionAnswer> {
  const { history, windowBytes, partition, request, progress } = task;
  const client = createClient({
    history,
    channelOptions: { 'grpc-node.flow_control_window': windowBytes },
  });
  const tell = (made: BacktestProgress) => progress.postMessage(made);
  try {
    const running = backtestPartition(client, partition, request);
    for (let step = await running.next(); ; step = await running.next()) {
      if (step.done) return { outcome: step.value };
      tell(step.value);
    }
  } catch (error) {
    if (!isFault(error)) throw error;
    const { code, message, findings, retryAfterMs, limit } = error;
    return { fault: { code, message, findings, retryAfterMs, limit } };
  } finally {
    progress.close();
    client.close();
  }
}
