import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsOptions } from '@odograph/platform/nats-options';

/** Connects to NATS for the time of some work. */
export async function withNats<T>(url: string, work: (nats: NatsConnection) => Promise<T>): Promise<T> {
  const nats = await connect(natsOptions({ url }));
  try {
    return await work(nats);
  } finally {
    await nats.close();
  }
}
