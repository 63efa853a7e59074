import { Resolver } from 'node:dns/promises';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MongoClient, MongoNetworkError, MongoServerSelectionError } from 'mongodb';
import type { EngineKind } from './engine-kind.ts';
import { processState } from './process-identity.ts';

/** What an engine that should run says of itself. */
export type EngineAnswer =
  | { readonly state: 'answers'; readonly version?: string; readonly clock?: ClockReading }
  /** The process has a SIGSTOP: it keeps its connections and does not answer. */
  | { readonly state: 'stopped' }
  /** The process runs, and nothing listens: it is starting or ending. */
  | { readonly state: 'does not listen' }
  /** It accepts connections, and does not answer. */
  | { readonly state: 'silent' }
  /** NATS without JetStream, which it switches off when its disk is full. */
  | { readonly state: 'without JetStream' }
  /** The process has ended, or without a known process nothing listens. `isPortTaken`: another program listens at its address. */
  | { readonly state: 'away'; readonly isPortTaken: boolean }
  /** Its client did not find it, or cannot read the URL. */
  | { readonly state: 'unreachable'; readonly reason: string };

/** A clock elsewhere, and ours before and after it was read, in Unix milliseconds. */
export interface ClockReading {
  readonly theirsMs: number;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

const ANSWER_WITHIN_MS = 2_000;

/** The engines that can be asked. */
export const askableEngines = ['nats', 'mongo', 'redis'] as const satisfies readonly EngineKind[];
export type AskableEngine = (typeof askableEngines)[number];

const USUAL_PORTS: Readonly<Record<AskableEngine, number>> = { nats: 4222, mongo: 27_017, redis: 6379 };

/** Where an engine is, as its URL says. */
interface EnginePlace {
  /** For people: `host:port`, several of them, the domain of SRV records, or the path of a socket. */
  readonly name: string;
  /** Undefined if only the engine's client can look for it. */
  readonly address?: { readonly host: string; readonly port: number };
}

export function placeOf(kind: AskableEngine, url: string): EnginePlace {
  // NATS takes a password with an @, so the login ends at the last one.
  const [, scheme, all = ''] = /^(?:([^:/]+):\/\/)?(?:[^/?#]*@)?([^/?#]*)/.exec(url) ?? [];
  // Of the nodes of a Redis cluster, and of sentinels, one stands for all.
  const hosts = kind === 'redis' ? all.replace(/,.*/, '') : all;
  // MongoDB writes the path of a socket as a host.
  const [, host, given] = /^(\[[^\]]+\]|[^,:%]+)(?::(\d+))?$/.exec(hosts) ?? [];
  if (host === undefined || scheme === undefined || scheme === 'mongodb+srv')
    return { name: hosts.replaceAll(/%2F/gi, '/') };
  const port = given === undefined ? USUAL_PORTS[kind] : Number(given);
  return { name: `${host}:${port}`, address: { host: host.replace(/^\[|\]$/g, ''), port } };
}

/** Asks an engine at a URL, without credentials. @param pid its process, if it runs on this machine. */
export async function askEngine(
  kind: AskableEngine,
  url: string,
  pid: number | undefined,
): Promise<EngineAnswer> {
  const { address } = placeOf(kind, url);
  if (!address) return kind === 'mongo' ? await askMongo(url).catch(unreachable) : NO_ONE_URL[kind];
  const withTls = /^(tls|rediss(\+\w+)?):/.test(url);
  const knockOnce = () => knock(address, { withTls, say: kind === 'redis' ? 'PING\r\n' : '' });
  const greeting = await knockOnce();
  const state = pid === undefined ? 'running' : processState(pid);
  if (state === 'stopped') return { state };
  // What accepted the first connection may have been the process itself.
  if (state === 'gone')
    return { state: 'away', isPortTaken: greeting !== undefined && (await knockOnce()) !== undefined };
  if (greeting === undefined)
    return pid === undefined ? { state: 'away', isPortTaken: false } : { state: 'does not listen' };
  if (kind === 'mongo') return await askMongo(url).catch(silentOr);
  return kind === 'nats' ? natsAnswer(greeting) : redisAnswer(greeting);
}

const NO_ONE_URL: Readonly<Record<'nats' | 'redis', EngineAnswer>> = {
  nats: {
    state: 'unreachable',
    reason: 'its URL must name one server, as nats://host:port or tls://host:port does',
  },
  redis: { state: 'unreachable', reason: 'its URL must name a server, as redis://host:port does' },
};

/** The driver may take a parameter, which may be a secret, for a user name, and repeats that. */
function unreachable({ message }: Error): EngineAnswer {
  return { state: 'unreachable', reason: message.replace(/(unescaped characters) .*/s, '$1') };
}

/** It accepts connections, so if the driver got no answer, it gave none. */
function silentOr(error: Error): EngineAnswer {
  const isSilent = error instanceof MongoNetworkError || error instanceof MongoServerSelectionError;
  return isSilent ? { state: 'silent' } : unreachable(error);
}

/** NATS sends INFO to every client. */
function natsAnswer(greeting: string): EngineAnswer {
  if (greeting === '') return { state: 'silent' };
  if (greeting === HANDSHAKE) return { state: 'answers' };
  const version = /^INFO .*"version":"([^"]+)"/.exec(greeting)?.[1];
  if (version === undefined) return { state: 'away', isPortTaken: true };
  return greeting.includes('"jetstream":true')
    ? { state: 'answers', version }
    : { state: 'without JetStream' };
}

/** A Redis with a password says that it wants one. */
function redisAnswer(greeting: string): EngineAnswer {
  if (greeting === '') return { state: 'silent' };
  if (greeting === HANDSHAKE || /^(\+PONG|-NOAUTH|-NOPERM|-DENIED|-LOADING|-MASTERDOWN)/.test(greeting))
    return { state: 'answers' };
  return { state: 'away', isPortTaken: true };
}

/** The driver refuses a mechanism without a user. */
function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, '//').replace(/([?&])authMechanism=[^&]*&?/i, '$1');
}

async function askMongo(url: string): Promise<EngineAnswer> {
  const client = new MongoClient(withoutCredentials(url), {
    serverSelectionTimeoutMS: ANSWER_WITHIN_MS,
    connectTimeoutMS: ANSWER_WITHIN_MS,
    socketTimeoutMS: ANSWER_WITHIN_MS,
    maxPoolSize: 1,
  });
  try {
    await findServers(client.options);
    const admin = client.db('admin');
    const { version } = await admin.command({ buildInfo: 1 });
    const askedAtMs = Date.now();
    const { localTime } = await admin.command({ hello: 1 });
    const clock = { theirsMs: Number(localTime), askedAtMs, answeredAtMs: Date.now() };
    return { state: 'answers', version: String(version), clock };
  } finally {
    await client.close();
  }
}

/** Fails if a domain has no SRV records. The driver asks for them too, and waits far longer for a name server that is silent. */
async function findServers({ srvHost, srvServiceName }: MongoClient['options']): Promise<void> {
  if (srvHost === undefined) return;
  await new Resolver({ timeout: ANSWER_WITHIN_MS, tries: 1 }).resolveSrv(
    `_${srvServiceName}._tcp.${srvHost}`,
  );
}

/** In place of a greeting: the server proved who it is, and says no more to a client without a certificate. */
const HANDSHAKE = 'handshake';

/** More than NATS says first. */
const MAX_GREETING = 64 * 1024;

/** The first line of a server; empty if it accepts the connection and says nothing; undefined if nothing listens. */
function knock(
  address: { readonly host: string; readonly port: number },
  { withTls, say }: { readonly withTls: boolean; readonly say: string },
): Promise<string | undefined> {
  return new Promise((done) => {
    // Nothing is trusted to it: whose certificate it has does not matter.
    const socket = withTls ? connectTls({ ...address, rejectUnauthorized: false }) : connectPlain(address);
    const end = () => void socket.destroy();
    const late = setTimeout(end, ANSWER_WITHIN_MS);
    let silence: string | undefined;
    let line = '';
    socket.setTimeout(ANSWER_WITHIN_MS / 2, end);
    socket.once('connect', () => {
      silence = '';
      socket.write(say);
    });
    socket.once('secureConnect', () => {
      silence = HANDSHAKE;
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      line += text;
      if (line.includes('\n') || line.length > MAX_GREETING) end();
    });
    socket.on('error', end);
    socket.once('close', () => {
      clearTimeout(late);
      done(line || silence);
    });
  });
}
