import type { Logger } from '@odograph/platform/logger';
import type { ChannelSettings } from './channel.ts';
import type { ReceiverSettings, ReceiverTarget } from './receiver-file.ts';
import { createAlertmanager } from './receivers/alertmanager.ts';
import { createEmail } from './receivers/email.ts';
import { createLogReceiver } from './receivers/log.ts';
import type { Receiver } from './receivers/receiver.ts';
import { createWebhook, type PostDeps } from './receivers/webhook.ts';

export interface ChannelsDeps extends PostDeps {
  readonly logger: Pick<Logger, 'info'>;
}

/** What the dispatcher sends to, as it is configured. */
export function channelsOf(
  receivers: readonly ReceiverSettings[],
  deps: ChannelsDeps,
): readonly ChannelSettings[] {
  return receivers.map(({ name, groupWaitMs, fingerprint, target }) => {
    return { name, groupWaitMs, fingerprint, receiver: receiverOf(target, deps) };
  });
}

function receiverOf(target: ReceiverTarget, deps: ChannelsDeps): Receiver {
  switch (target.kind) {
    case 'webhook':
      return createWebhook(target, deps);
    case 'email':
      return createEmail(target);
    case 'alertmanager':
      return createAlertmanager(target, deps);
    case 'log':
      return createLogReceiver(deps.logger);
  }
}
