import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MongoClient } from 'mongodb';
import type { EngineKind } from './engine-kind.ts';
import { processState } from './process-identity.ts';

/** What an engine that should run says of itself. */
export type EngineAnswer =
  | { readonly state: 'answers'; readonly version?: string; readonly clock?: ClockReading }
  /** The process has a SIGSTOP: it keeps its connections and does not answer. */
  | { readonly state: 'stopped' }
  /** It accepts connections, and does not answer. */
  | { readonly state: 'silent' }
  /** NATS without JetStream, which it switches off when its disk is full. */
  | { readonly state: 'without JetStream' }
  /** The process has ended, or nothing listens. `isPortTaken`: another program listens at its address. */
  | { readonly state: 'away'; readonly isPortTaken: boolean };

/** A clock elsewhere, and ours before and after it was read, in Unix milliseconds. */
export interface ClockReading {
  readonly theirsMs: number;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

const ANSWER_WITHIN_MS = 2_000;

/** The engines that can be asked. */
export const askableEngines = ['nats', 'mongo'] as const satisfies readonly EngineKind[];
export type AskableEngine = (typeof askableEngines)[number];

const USUAL_PORTS: Readonly<Record<AskableEngine, number>> = { nats: 4222, mongo: 27_017 };

/** Where an engine listens; of several hosts in a URL, which `new URL` does not read, the first. */
export function addressOf(
  kind: AskableEngine,
  url: string,
): { readonly host: string; readonly port: number } {
  const [, host = 'localhost', port] =
    /^\w+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^,/?:]+)(?::(\d+))?/.exec(url) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? USUAL_PORTS[kind] : Number(port) };
}

/** Asks an engine at a URL, without credentials. @param pid its process, if it runs on this machine. */
export async function askEngine(
  kind: AskableEngine,
  url: string,
  pid: number | undefined,
): Promise<EngineAnswer> {
  const greeting = await knock(addressOf(kind, url), url.startsWith('tls://'));
  const state = pid === undefined ? 'running' : processState(pid);
  if (state === 'stopped') return { state };
  if (state === 'gone') return { state: 'away', isPortTaken: greeting !== undefined };
  if (greeting === undefined) return { state: 'away', isPortTaken: false };
  return kind === 'nats' ? natsAnswer(greeting) : await askMongo(withoutCredentials(url));
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

/** The driver refuses a mechanism without a user. */
function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//').replace(/([?&])authMechanism=[^&]*&?/i, '$1');
}

async function askMongo(url: string): Promise<EngineAnswer> {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: ANSWER_WITHIN_MS,
    connectTimeoutMS: ANSWER_WITHIN_MS,
    socketTimeoutMS: ANSWER_WITHIN_MS,
    maxPoolSize: 1,
  });
  try {
    const admin = client.db('admin');
    const { version } = await admin.command({ buildInfo: 1 });
    const askedAtMs = Date.now();
    const { localTime } = await admin.command({ hello: 1 });
    const clock = { theirsMs: Number(localTime), askedAtMs, answeredAtMs: Date.now() };
    return { state: 'answers', version: String(version), clock };
  } catch {
    // It accepts connections, so whatever the driver says, it gave no answer.
    return { state: 'silent' };
  } finally {
    await client.close();
  }
}

/** In place of a greeting: the server proved who it is, and says no more to a client without a certificate. */
const HANDSHAKE = 'handshake';

/** More than NATS says first. */
const MAX_GREETING = 64 * 1024;

/** The first line of a server; empty if it accepts the connection and says nothing; undefined if nothing listens. */
function knock(
  address: { readonly host: string; readonly port: number },
  withTls: boolean,
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
