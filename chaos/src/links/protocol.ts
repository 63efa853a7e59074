import type { Framers } from './framer.ts';
import { type MongoFrame, mongoFramers } from './mongo-frames.ts';
import { type NatsFrame, natsFramers } from './nats-frames.ts';

/** What a link can read of what it carries. */
export type Protocol = 'mongo' | 'nats';

export type Frame = MongoFrame | NatsFrame;

/** Framers of a new connection. */
export function framersOf(protocol: Protocol): Framers<Frame> {
  return protocol === 'mongo' ? mongoFramers() : natsFramers();
}

/** What becomes of a frame: it goes on, it is lost and nobody told, or its connection is reset in its stead. */
export type Verdict = 'pass' | 'drop' | 'cut';

/** Sees each frame before it is forwarded. A promise holds that frame, and what comes behind it on that connection. */
export type Watcher = (frame: Frame) => Verdict | Promise<Verdict>;

/** Asks one after the other; the first that does not let it pass decides. */
export async function judge(watchers: Iterable<Watcher>, frame: Frame): Promise<Verdict> {
  for (const watcher of watchers) {
    const verdict = await watcher(frame);
    if (verdict !== 'pass') return verdict;
  }
  return 'pass';
}
