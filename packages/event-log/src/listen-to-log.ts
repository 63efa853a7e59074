import type { NatsConnection } from '@nats-io/nats-core';
import { type Broadcast, decodeBroadcast } from './broadcast.ts';
import { logSubject } from './nats-subjects.ts';

/** Calls back with each broadcast about a partition, until the returned function is called. */
export function listenToLog(
  connection: NatsConnection,
  partition: number,
  onBroadcast: (broadcast: Broadcast) => void,
): () => void {
  const subscription = connection.subscribe(logSubject(partition), {
    callback: (error, message) => {
      const broadcast = error ? undefined : decodeOrSkip(message.data, partition);
      if (broadcast) onBroadcast(broadcast);
    },
  });
  return () => subscription.unsubscribe();
}

/** Undefined for anything but a broadcast about the partition. An error thrown here would end all reading of the NATS connection. */
function decodeOrSkip(bytes: Uint8Array, partition: number): Broadcast | undefined {
  try {
    return decodeBroadcast(bytes, partition);
  } catch {
    return undefined;
  }
}
