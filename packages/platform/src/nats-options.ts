import { readFileSync } from 'node:fs';
import { credsAuthenticator, type NodeConnectionOptions, type TlsOptions } from '@nats-io/transport-node';
import { inboxPrefixOf } from '@odograph/event-log/nats-subjects';
import { Fault } from '@odograph/kernel/fault';

/** Where a NATS server is, and who asks. A file that is not needed is left out or empty. */
export interface NatsAddress {
  /** `nats://` or `tls://`, with user and password, with a token, or with neither. */
  readonly url: string;
  /** A file with a JWT and its key, as NATS makes it. */
  readonly credentialsFile?: string;
  /** The certificates of the authorities that the server's certificate may come from. Default: those of Node. */
  readonly caFile?: string;
  /** The certificate and the key of this process. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/**
 * The options to connect to NATS. The client uses of a URL only host and port, so all else is given to it here.
 * @throws Fault INVALID_INPUT if files for TLS are given and the URL does not ask for TLS.
 */
export function natsOptions(address: NatsAddress): NodeConnectionOptions {
  const { username, password, hostname, port } = new URL(address.url);
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const tls = tlsOf(address);
  return {
    servers: `${hostname}:${port || DEFAULT_PORT}`,
    ...(tls && { tls }),
    // Without a password it is a token.
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass, inboxPrefix: inboxPrefixOf(user) })),
    ...loginOf(address),
  };
}

const DEFAULT_PORT = 4222;

/** Read again at each connection, so that a file that was replaced is used without a restart. */
function loginOf({ credentialsFile }: NatsAddress): NodeConnectionOptions {
  if (!credentialsFile) return {};
  return { authenticator: credsAuthenticator(() => readFileSync(credentialsFile)) };
}

/**
 * With `handshakeFirst` nothing is said before the server has proved who it is. In its other modes the client sends plain
 * text, passwords too, if the greeting, which is plain text as well, does not offer TLS.
 */
function tlsOf({ url, caFile, certFile, keyFile }: NatsAddress): TlsOptions | undefined {
  if (url.startsWith('tls://'))
    return {
      handshakeFirst: true,
      ...(caFile && { caFile }),
      ...(certFile && { certFile }),
      ...(keyFile && { keyFile }),
    };
  const given = Object.entries({
    ODO_NATS_CA_FILE: caFile,
    ODO_NATS_CERT_FILE: certFile,
    ODO_NATS_KEY_FILE: keyFile,
  })
    .filter(([, file]) => file)
    .map(([name]) => name);
  if (given.length === 0) return undefined;
  throw new Fault(
    'INVALID_INPUT',
    `${given.join(' and ')} can only be used with TLS: let ODO_NATS_URL start with tls://, or unset ${given.length === 1 ? 'it' : 'them'}`,
  );
}
