import type { JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@odograph/event-log/nats-subjects';
import { hasUnknownForm } from '@odograph/event-log/packed-envelope';
import { Fault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import type { LogCollections } from './collections.ts';
import type { MongoLogReader } from './mongo-log-reader.ts';
import { recordSetAside } from './partition-record.ts';

interface SetAsideDeps {
  readonly manager: JetStreamManager;
  readonly collections: Pick<LogCollections, 'partitions'>;
  readonly reader: Pick<MongoLogReader, 'watermark'>;
}

/**
 * Lets the log continue without a message of a form that only a newer program knows. In the log it gets a fate of its own, so
 * nothing depends on this decision afterwards.
 * @throws Fault NOT_FOUND if the stream has no such message, RULE_VIOLATED if it halts nothing, UNAVAILABLE without NATS.
 */
export async function setMessageAside(deps: SetAsideDeps, { partition, sequence }: Position): Promise<void> {
  const { manager, collections, reader } = deps;
  const stream = streamName(partition);
  const message = await manager.streams.getMessage(stream, { seq: sequence }).catch((cause: unknown) => {
    throw new Fault('UNAVAILABLE', `stream ${stream} cannot be read now`, { cause });
  });
  if (!message) throw new Fault('NOT_FOUND', `stream ${stream} has no message ${sequence}`);
  if (!hasUnknownForm(message.data))
    throw new Fault(
      'RULE_VIOLATED',
      `message ${sequence} of ${stream} halts nothing: only one of a form that this program does not know is set aside`,
    );
  if (sequence <= (await reader.watermark(partition)))
    throw new Fault('RULE_VIOLATED', `message ${sequence} of ${stream} is in the log already`);
  await recordSetAside(collections.partitions, partition, { s: sequence, stored_at: message.time });
}
