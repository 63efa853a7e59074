import type { Logger } from '@odograph/platform/logger';
import { DELIVERED, type Receiver } from './receiver.ts';

/** Writes one line of the log for each notice. */
export function createLogReceiver(logger: Pick<Logger, 'info'>): Receiver {
  return {
    async send({ id, receiver, notices }) {
      for (const { key, kind, because, isLate, atMs, alert } of notices)
        logger.info(
          { message: id, receiver, key, kind, because, isLate, atMs, alert },
          'an alert is notified',
        );
      return DELIVERED;
    },
  };
}
