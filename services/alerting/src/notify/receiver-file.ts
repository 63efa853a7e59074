import { createHash } from 'node:crypto';
import type { Severity } from '@odograph/kernel/alert-event';
import { checkWith, type PlacedFinding, readDocuments } from '../documents/read-documents.ts';
import { type ReceiverDocument, receiverList } from './receiver-document.ts';
import type { AlertmanagerSettings } from './receivers/alertmanager.ts';
import type { EmailSettings } from './receivers/email.ts';
import type { WebhookSettings } from './receivers/webhook.ts';
import type { SecretSource } from './secret-schema.ts';

/** A receiver as it is configured. */
export interface ReceiverSettings {
  readonly name: string;
  /** It gets only alerts with these. */
  readonly severities: readonly Severity[];
  readonly groupWaitMs: number;
  readonly target: ReceiverTarget;
  /** Of all of it but the secrets; another one enables a receiver that was disabled. */
  readonly fingerprint: string;
}

export type ReceiverTarget =
  | ({ readonly kind: 'webhook' } & WebhookSettings)
  | ({ readonly kind: 'email' } & EmailSettings)
  | ({ readonly kind: 'alertmanager' } & AlertmanagerSettings)
  | { readonly kind: 'log' };

export type ReadReceivers =
  | { readonly receivers: readonly ReceiverSettings[] }
  | { readonly findings: readonly PlacedFinding[] };

/** Enough for all receivers with all that they may have. */
const MAX_SIZE = { depth: 8, count: 20_000 };

/** Reads receivers in YAML, and their secrets from where it says. No finding has a secret. */
export function readReceivers(text: string, source: SecretSource): ReadReceivers {
  const read = readDocuments(text, {
    noun: 'receiver',
    check: checkWith(receiverList(source), MAX_SIZE),
    // After the colon it may repeat the text, and with it a secret that is there by mistake.
    shown: (message) => message.replace(/:.*/s, ''),
  });
  if ('findings' in read) return read;
  const [list = [], second] = read.values;
  if (second) return { findings: [{ line: 1, column: 1, ...TWO_LISTS }] };
  return { receivers: list.map(settingsOf) };
}

const TWO_LISTS = {
  field: '',
  reason: 'INVALID',
  description: 'must have one list of receivers, without ---',
};

/** Whether a receiver gets alerts of this severity. */
export const wants = ({ severities }: Pick<ReceiverSettings, 'severities'>, severity: Severity) =>
  severities.includes(severity);

/** When a notice that is made now may be sent: what is critical waits for nothing. */
export const dueAtMs = (
  { groupWaitMs }: Pick<ReceiverSettings, 'groupWaitMs'>,
  severity: Severity,
  nowMs: number,
) => (severity === 'critical' ? nowMs : nowMs + groupWaitMs);

function settingsOf(document: ReceiverDocument): ReceiverSettings {
  const { name, severities, group_wait: groupWaitMs } = document;
  const settings = { name, severities, groupWaitMs, target: targetOf(document) };
  return { ...settings, fingerprint: fingerprintOf(settings) };
}

function targetOf({ webhook, email, alertmanager }: ReceiverDocument): ReceiverTarget {
  if (webhook) return { kind: 'webhook', ...postTargetOf(webhook), secrets: webhook.secrets };
  if (alertmanager) {
    const { user, password } = alertmanager;
    return { kind: 'alertmanager', ...postTargetOf(alertmanager), user, password };
  }
  if (!email) return { kind: 'log' };
  const { ca_file: ca, ...rest } = email;
  return { kind: 'email', ...rest, ca };
}

function postTargetOf(written: NonNullable<ReceiverDocument['webhook' | 'alertmanager']>) {
  const { url, allow_http: allowHttp, allow_networks: allowNetworks, ca_file: ca } = written;
  return { url, allowHttp, allowNetworks, ca };
}

/** Secrets are *** in it. */
function fingerprintOf(settings: Omit<ReceiverSettings, 'fingerprint'>): string {
  const { target } = settings;
  const url = 'url' in target ? target.url.reveal() : '';
  return createHash('sha256')
    .update(JSON.stringify([settings, url]))
    .digest('hex');
}
