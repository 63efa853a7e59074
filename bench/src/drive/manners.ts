import { pause } from '@odograph/kernel/clock';
import type { Manner } from './drive-options.ts';

export interface DrivenLoad {
  readonly connections: number;
  /** Reports in a batch. */
  readonly batch: number;
  /** Sends the next batch of a connection; resolves when it is acknowledged, throws where it is not. */
  send(connection: number): Promise<void>;
  /** Reports that are acknowledged and not visible. */
  backlog(): number;
  readonly signal: AbortSignal;
}

/** Sends batches until the signal is aborted, and resolves once all of them are settled. Throws as soon as one is refused. */
export async function driveOn(manner: Manner, load: DrivenLoad): Promise<void> {
  if (manner.kind === 'paced') return await paced(manner.reportsPerSecond, load);
  const maxBacklog = manner.kind === 'visible' ? manner.maxBacklog : Number.POSITIVE_INFINITY;
  const senders = Array.from({ length: load.connections * manner.window }, (_, at) =>
    sendOn(at % load.connections, maxBacklog, load),
  );
  await Promise.all(senders);
}

const ROOM_POLL_MS = 2;

async function sendOn(connection: number, maxBacklog: number, load: DrivenLoad): Promise<void> {
  while (!load.signal.aborted) {
    if (load.backlog() < maxBacklog) await load.send(connection);
    else await pause(ROOM_POLL_MS, load.signal);
  }
}

const TICK_MS = 5;

/** Batches leave when they are due, whether those before them are settled or not. */
async function paced(
  reportsPerSecond: number,
  { connections, batch, send, signal }: DrivenLoad,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const refused = Promise.withResolvers<never>();
  const startMs = performance.now();
  let sent = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - startMs) / 1_000) * reportsPerSecond;
    for (; sent * batch < due; sent += 1) {
      const one = send(sent % connections).finally(() => underWay.delete(one));
      one.catch(refused.reject);
      underWay.add(one);
    }
    await Promise.race([pause(TICK_MS, signal), refused.promise]);
  }
  await Promise.all(underWay);
}
