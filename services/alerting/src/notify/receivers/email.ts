import { createHash } from 'node:crypto';
import nodemailer, { type NodemailerError } from 'nodemailer';
import type { Secret } from '../secret.ts';
import { subjectOf, textOf } from './email-text.ts';
import { reasonOf } from './post.ts';
import { DELIVERED, type Outcome, type Receiver, retry } from './receiver.ts';

export const EMAIL_SECURITY = ['tls', 'starttls', 'none'] as const;

export interface EmailSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, by STARTTLS, which the server must offer, or none. */
  readonly security: (typeof EMAIL_SECURITY)[number];
  /** A certificate authority to trust instead of the public ones, as PEM. */
  readonly ca?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
}

const TIMEOUT_MS = 15_000;

/** Sends messages by SMTP. A server that accepts some of the addresses has delivered it. */
export function createEmail(settings: EmailSettings): Receiver {
  const { host, port, security, ca, from, to, user, password } = settings;
  const transport = nodemailer.createTransport({
    ...{
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
    },
    ...{
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      dnsTimeout: TIMEOUT_MS,
    },
    // Without it, a machine without a network cannot reach a server on itself.
    allowInternalNetworkInterfaces: true,
    ...{ disableFileAccess: true, disableUrlAccess: true },
    ...(ca === undefined ? {} : { tls: { ca } }),
    ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() } }),
  });
  return {
    async send({ id, notices }, signal) {
      const mail = {
        ...{ from, to: [...to], subject: subjectOf(notices), text: textOf(notices) },
        // Servers and programs see a mail that comes twice as one by this.
        messageId: messageIdOf(id, from),
        headers: { 'auto-submitted': 'auto-generated', 'x-odograph-message': id },
      };
      try {
        await transport.sendMail({ ...mail, signal });
        return DELIVERED;
      } catch (error) {
        return signal.aborted ? retry('it did not answer in time') : outcomeOf(error);
      }
    },
  };
}

function messageIdOf(id: string, from: string): string {
  // 128 bits are enough, and the header stays on one line.
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 32);
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'odograph';
  return `<${hash}@${domain}>`;
}

/** The texts of the server are left out: they may repeat what it got, with the password. */
function outcomeOf(error: unknown): Outcome {
  const { code, responseCode } = error as NodemailerError;
  if (responseCode === undefined) return retry(reasonOf(error));
  const reason = `it answered ${responseCode} (${code})`;
  return responseCode >= 500 ? { kind: 'refused', reason, isFinal: false } : retry(reason);
}
