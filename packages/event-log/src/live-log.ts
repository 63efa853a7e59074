import type { NatsConnection } from '@nats-io/nats-core';
import { LogBroadcast } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { logSubject } from './names.ts';

/** Calls back with every broadcast of a partition's log, until the returned function is called. */
export function listenToLog(
  connection: NatsConnection,
  partition: number,
  onBroadcast: (broadcast: LogBroadcast, bytes: number) => void,
): () => void {
  const subscription = connection.subscribe(logSubject(partition), {
    callback: (error, message) => {
      const broadcast = error ? undefined : decodeBroadcast(message.data);
      if (broadcast) onBroadcast(broadcast, message.data.length);
    },
  });
  return () => subscription.unsubscribe();
}

/**
 * Undefined for what cannot be read: a lost broadcast like any other, which its listeners find at the next one.
 * Thrown from here, an error would end the connection's reading of everything.
 */
function decodeBroadcast(bytes: Uint8Array): LogBroadcast | undefined {
  try {
    return LogBroadcast.decode(bytes);
  } catch {
    return undefined;
  }
}
