import type { Framers } from './framer.ts';
import { type MongoFrame, mongoFramers } from './mongo-frames.ts';
import { type NatsFrame, natsFramers } from './nats-frames.ts';

/** The protocols that a link can read. */
export type Protocol = 'mongo' | 'nats';

export type Frame = MongoFrame | NatsFrame;

/** The framers of a new connection. */
export function framersOf(protocol: Protocol): Framers<Frame> {
  return protocol === 'mongo' ? mongoFramers() : natsFramers();
}

/** What the link does with a frame: forward it, discard it silently, or reset the connection instead. */
export type FrameAction = 'pass' | 'drop' | 'cut';

/** Sees each frame before it is forwarded. While its promise is pending, the frame and all bytes behind it wait. */
export type Watcher = (frame: Frame) => FrameAction | Promise<FrameAction>;
