import type { Clock } from '@odograph/kernel/clock';
import type { Secret } from '../secret.ts';
import { type PostTarget, post } from './post.ts';
import type { Receiver } from './receiver.ts';
import { type Signer, signerOf } from './signature.ts';
import type { Resolve } from './target.ts';

export interface WebhookSettings extends PostTarget {
  /** `whsec_…` or `whsk_…`; several while keys are changed, and each of them signs. */
  readonly secrets: readonly Secret[];
}

/** What receivers that post need to work. */
export interface PostDeps {
  readonly clock: Clock;
  /** Of odograph, for the user agent. */
  readonly version: string;
  /** Default: the resolver of the system. */
  readonly resolve?: Resolve | undefined;
}

/**
 * Posts messages as Standard Webhooks (https://www.standardwebhooks.com). The id of a message is the same in all attempts; its time
 * is that of the attempt, so a receiver may refuse what is old.
 * @throws Fault INVALID_INPUT for a secret that cannot be used
 */
export function createWebhook(settings: WebhookSettings, { clock, version, resolve }: PostDeps): Receiver {
  const signers: readonly Signer[] = settings.secrets.map((secret) => signerOf(secret.reveal()));
  return {
    send({ id, body }, signal) {
      const nowMs = clock.now();
      const text = new TextDecoder().decode(body);
      const headers = {
        'content-type': 'application/json',
        'user-agent': `odograph/${version}`,
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
        'webhook-signature': signers.map((sign) => sign(id, nowMs, text)).join(' '),
      };
      return post(settings, { headers, body }, { signal, nowMs, resolve });
    },
  };
}
