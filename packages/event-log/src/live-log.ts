import type { NatsConnection } from '@nats-io/nats-core';
import { type Broadcast, decodeBroadcast } from './broadcast.ts';
import { logSubject } from './nats-subjects.ts';

/**
 * Calls back with every broadcast of a partition's log, until the returned function is called.
 * @param decode how much of a broadcast is read.
 */
export function listenToLog(
  connection: NatsConnection,
  partition: number,
  onBroadcast: (broadcast: Broadcast, bytes: number) => void,
  decode: (bytes: Uint8Array) => Broadcast = decodeBroadcast,
): () => void {
  const subscription = connection.subscribe(logSubject(partition), {
    callback: (error, message) => {
      const broadcast = error ? undefined : readable(decode, message.data);
      if (broadcast) onBroadcast(broadcast, message.data.length);
    },
  });
  return () => subscription.unsubscribe();
}

/**
 * Undefined for what cannot be read: a lost broadcast like any other, which its listeners find at the next one.
 * Thrown from here, an error would end the connection's reading of everything.
 */
function readable(decode: (bytes: Uint8Array) => Broadcast, bytes: Uint8Array): Broadcast | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
