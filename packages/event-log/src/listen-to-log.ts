import type { NatsConnection } from '@nats-io/nats-core';
import { type Broadcast, decodeBroadcast } from './broadcast.ts';
import { logSubject } from './nats-subjects.ts';

/**
 * Calls back with each broadcast of a partition, until the returned function is called.
 * @param decode reads all of a broadcast, or only its head.
 */
export function listenToLog(
  connection: NatsConnection,
  partition: number,
  onBroadcast: (broadcast: Broadcast, bytes: number) => void,
  decode: (bytes: Uint8Array) => Broadcast = decodeBroadcast,
): () => void {
  const subscription = connection.subscribe(logSubject(partition), {
    callback: (error, message) => {
      const broadcast = error ? undefined : decodeOrSkip(decode, message.data);
      if (broadcast) onBroadcast(broadcast, message.data.length);
    },
  });
  return () => subscription.unsubscribe();
}

/**
 * Undefined if the bytes cannot be decoded: the broadcast counts as lost, and the next one shows the gap.
 * An error thrown here would end all reading of the NATS connection.
 */
function decodeOrSkip(decode: (bytes: Uint8Array) => Broadcast, bytes: Uint8Array): Broadcast | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
