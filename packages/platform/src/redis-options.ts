import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Fault } from '@odograph/kernel/fault';

/** Where Redis is, and who asks. A file that is not needed is left out or empty. */
export interface RedisAddress {
  /**
   * `redis://user:password@host:port/database`; `redis+cluster://` with some nodes of a cluster, `a:1,b:2`; `redis+sentinel://`
   * with the sentinels, and the name of the primary as the path. With `rediss` instead of `redis` it is TLS.
   */
  readonly url: string;
  /** The certificates of the authorities that the server's certificate may come from. Default: those of Node. */
  readonly caFile?: string;
  /** The certificate and the key of this process. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** A Redis by the way it is found. */
export interface RedisTarget {
  readonly kind: 'single' | 'cluster' | 'sentinel';
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** What the sentinels call the primary. */
  readonly primary: string;
  readonly database: number;
  readonly login: { readonly username?: string; readonly password?: string };
  readonly tls: ConnectionOptions | undefined;
}

const FORM = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^/?#]*)@)?([^/?#]+)(?:\/([^?#]*))?$/;
const DEFAULT_PORTS = { single: 6379, cluster: 6379, sentinel: 26_379 };

/**
 * What a URL of Redis says.
 * @throws {Fault} INVALID_INPUT if it says too little or too much, or if there are files for TLS and it does not ask for TLS
 */
export function redisTarget(address: RedisAddress): RedisTarget {
  const [, scheme, kind = 'single', login = '', hosts = '', path = ''] = FORM.exec(address.url) ?? [];
  if (!scheme) throw refused('cannot be read: write it as redis://user:password@host:port');
  const target = kind as RedisTarget['kind'];
  if (target === 'sentinel' && path === '')
    throw refused('names no primary: write it as redis+sentinel://host:port/name');
  if (target === 'cluster' && path !== '') throw refused('names a database, but a cluster has only one');
  if (target === 'single' && !/^\d{0,4}$/.test(path))
    throw refused('must end with the number of a database, or with the port');
  if (target === 'single' && hosts.includes(','))
    throw refused('names several hosts: begin it with redis+cluster:// or redis+sentinel://');
  return {
    kind: target,
    hosts: hosts.split(',').map((host) => hostAndPort(host, DEFAULT_PORTS[target])),
    primary: target === 'sentinel' ? decodeURIComponent(path) : '',
    database: target === 'single' ? Number(path) : 0,
    login: loginOf(login),
    tls: tlsOf(address, scheme === 'rediss'),
  };
}

/** An IPv6 address stands in brackets. */
function hostAndPort(text: string, defaultPort: number) {
  const [, host = '', port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? [];
  if (host === '') throw refused(`has a host that cannot be read: ${text}`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? defaultPort : Number(port) };
}

function loginOf(login: string): RedisTarget['login'] {
  if (login === '') return {};
  const [username = '', password = ''] = login.split(':').map(decodeURIComponent);
  return { ...(username && { username }), ...(password && { password }) };
}

function tlsOf({ caFile, certFile, keyFile }: RedisAddress, isTls: boolean): ConnectionOptions | undefined {
  const files = { ODO_REDIS_CA_FILE: caFile, ODO_REDIS_CERT_FILE: certFile, ODO_REDIS_KEY_FILE: keyFile };
  const given = Object.entries(files).flatMap(([name, file]) => (file ? [name] : []));
  if (!isTls && given.length > 0)
    throw new Fault(
      'INVALID_INPUT',
      `${given.join(' and ')} can only be used with TLS: let ODO_REDIS_URL start with rediss, or unset ${given.length === 1 ? 'it' : 'them'}`,
    );
  if (!isTls) return undefined;
  return {
    ...(caFile && { ca: readFileSync(caFile) }),
    ...(certFile && { cert: readFileSync(certFile) }),
    ...(keyFile && { key: readFileSync(keyFile) }),
  };
}

const refused = (why: string) => new Fault('INVALID_INPUT', `ODO_REDIS_URL ${why}`);
