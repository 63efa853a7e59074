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
      if (error) throw error;
      onBroadcast(LogBroadcast.decode(message.data), message.data.length);
    },
  });
  return () => subscription.unsubscribe();
}
