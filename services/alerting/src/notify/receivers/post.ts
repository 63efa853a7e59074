import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { visible } from '@odograph/kernel/visible';
import type { Secret } from '../secret.ts';
import { type Outcome, retry } from './receiver.ts';
import { outcomeOf } from './status.ts';
import { type Address, addressesOf, RefusedTarget, type Resolve, type TargetRules } from './target.ts';

export interface PostTarget extends TargetRules {
  /** Its path may be a secret, as that of a chat's webhook is. */
  readonly url: Secret;
  /** A certificate authority to trust instead of the public ones, as PEM. */
  readonly ca?: string | undefined;
}

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface PostOptions {
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** Default: the resolver of the system. */
  readonly resolve?: Resolve | undefined;
}

/** More of an answer is not read. What it says is not used, only its status. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Posts to a target, once, over a connection of its own, without following redirects. It never rejects. */
export async function post(target: PostTarget, content: Post, options: PostOptions): Promise<Outcome> {
  const { signal, nowMs } = options;
  try {
    const url = new URL(target.url.reveal());
    const addresses = await unlessAborted(addressesOf(url, target, options.resolve), signal);
    const { status, retryAfter } = await answerTo(url, addresses, content, { signal, ca: target.ca });
    return outcomeOf(status, retryAfter, nowMs);
  } catch (error) {
    if (error instanceof RefusedTarget) return { kind: 'refused', reason: error.message, isFinal: true };
    return retry(signal.aborted ? 'it did not answer in time' : reasonOf(error));
  }
}

/** Of a failed connection. Its messages name hosts and ports, never a path, which may be secret. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return visible(code !== undefined && !message.includes(code) ? `${code}: ${message}` : message).slice(
    0,
    300,
  );
}

export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new Error('aborted'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

function answerTo(
  url: URL,
  addresses: readonly Address[],
  { headers, body }: Post,
  { signal, ca }: { readonly signal: AbortSignal; readonly ca: string | undefined },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const sent = request(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    // A kept connection would be one to an address that was checked some time ago.
    agent: false,
    lookup: alreadyResolved(addresses),
    signal,
    ...(ca === undefined ? {} : { ca }),
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) response.destroy();
    });
    response.on('error', () => undefined);
  });
  sent.end(body);
  return promise;
}

function alreadyResolved(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}
