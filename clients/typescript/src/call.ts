import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  type CallOptions as GrpcCallOptions,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { Fault } from './fault.ts';
import { faultFromServiceError, hasDetails } from './rpc-status.ts';

export interface ChannelSettings {
  /** Default: no TLS. */
  readonly credentials?: ChannelCredentials;
  /** Further options of @grpc/grpc-js; `grpc.use_local_subchannel_pool: 1` gives the channel a transport of its own. */
  readonly channelOptions?: ChannelOptions;
}

export interface CallOptions {
  /** The time for the whole call, retries included, in milliseconds. Default: 30,000 for one answer, none for streams. */
  readonly deadlineMs?: number | undefined;
  /** W3C trace context, sent with the call. */
  readonly traceparent?: string | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
}

/** What a generated service such as `VehicleHistoryService` has for each method. */
export type Method<Request, Response> = Pick<
  MethodDefinition<Request, Response>,
  'path' | 'requestSerialize' | 'responseDeserialize'
>;

export const DEFAULT_DEADLINE_MS = 30_000;
/** The largest that a timer and a gRPC deadline can hold. */
export const TIMER_MAX_MS = 2 ** 31 - 1;

/** A connection to one server, shared by the calls on it. It connects with the first call and again after each loss. */
export class Channel {
  /** `host:port`. */
  readonly endpoint: string;
  readonly #client: Client;
  #isClosed = false;

  constructor(endpoint: string, settings: ChannelSettings = {}) {
    this.endpoint = endpoint;
    this.#client = new Client(endpoint, settings.credentials ?? credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      ...settings.channelOptions,
    });
  }

  get client(): Client {
    if (this.#isClosed) throw new Fault('CANCELLED', `the client of ${this.endpoint} is closed`);
    return this.#client;
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }
}

/** Calls a method with one answer, once. Throws a Fault. */
export async function callUnary<Request, Response>(
  { client, endpoint }: Channel,
  { path, requestSerialize, responseDeserialize }: Method<Request, Response>,
  request: Request,
  options: CallOptions = {},
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const grpcOptions = grpcOptionsOf({ ...options, deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS });
  const metadata = metadataOf(options);
  const call = client.makeUnaryRequest(
    ...([path, requestSerialize, responseDeserialize, request, metadata, grpcOptions] as const),
    (error, response) => {
      stopWatching();
      if (error) reject(faultOf(error, endpoint, options.signal?.aborted));
      else resolve(response as Response);
    },
  );
  const stopWatching = onAbort(options.signal, () => call.cancel());
  return await promise;
}

/** Calls a method with many answers when iteration begins. Leaving the iteration cancels the call. Throws a Fault. */
export async function* callServerStream<Request, Response>(
  { client, endpoint }: Channel,
  { path, requestSerialize, responseDeserialize }: Method<Request, Response>,
  request: Request,
  options: CallOptions = {},
): AsyncGenerator<Response, void, undefined> {
  const call = client.makeServerStreamRequest(
    ...([path, requestSerialize, responseDeserialize, request] as const),
    ...([metadataOf(options), grpcOptionsOf(options)] as const),
  );
  yield* new Responses(call, endpoint, options.signal).read();
}

/** A call with many requests and many answers. */
export interface BidiCall<Request, Response> {
  /** Resolves when more can be sent. Throws the call's Fault once it has ended. */
  send(request: Request): Promise<void>;
  /** No more requests will follow. */
  end(): void;
  cancel(): void;
  /** To be iterated once, at once. Leaving the iteration cancels the call. Throws a Fault. */
  readonly responses: AsyncGenerator<Response, void, undefined>;
}

export function callBidi<Request, Response>(
  { client, endpoint }: Channel,
  { path, requestSerialize, responseDeserialize }: Method<Request, Response>,
  options: CallOptions = {},
): BidiCall<Request, Response> {
  const call = client.makeBidiStreamRequest(
    ...([path, requestSerialize, responseDeserialize] as const),
    ...([metadataOf(options), grpcOptionsOf(options)] as const),
  );
  const responses = new Responses(call, endpoint, options.signal);
  return {
    async send(request) {
      responses.throwIfEnded();
      if (!call.write(request)) await drainedOrEnded(call);
      responses.throwIfEnded();
    },
    end: () => void call.end(),
    cancel: () => responses.cancel(),
    responses: responses.read(),
  };
}

function drainedOrEnded(call: ClientDuplexStream<never, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off('drain', done).off('status', done);
      resolve();
    };
    call.on('drain', done).on('status', done);
  });
}

/** Calls back when the signal is aborted, also if it is already. The result stops that. */
function onAbort(signal: AbortSignal | undefined, callBack: () => void): () => void {
  if (signal?.aborted) callBack();
  signal?.addEventListener('abort', callBack, { once: true });
  return () => signal?.removeEventListener('abort', callBack);
}

/** The answers of a stream and how it ended. It listens at once: an error without a listener would end the process. */
class Responses<Response> {
  readonly #call: ClientReadableStream<Response> | ClientDuplexStream<never, Response>;
  #hasEnded = false;
  /** Whether we cancelled it: a server can cancel calls too. */
  #isCancelled = false;
  #fault: Fault | undefined;

  constructor(
    call: ClientReadableStream<Response> | ClientDuplexStream<never, Response>,
    endpoint: string,
    signal: AbortSignal | undefined,
  ) {
    this.#call = call;
    call.on('error', (error: ServiceError) => {
      this.#fault ??= faultOf(error, endpoint, this.#isCancelled);
    });
    const stopWatching = onAbort(signal, () => this.cancel());
    call.on('status', () => {
      this.#hasEnded = true;
      stopWatching();
    });
  }

  throwIfEnded(): void {
    if (this.#hasEnded) throw this.#fault ?? new Fault('UNAVAILABLE', 'the server ended the connection');
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#call.cancel();
  }

  async *read(): AsyncGenerator<Response, void, undefined> {
    try {
      for await (const response of this.#call) yield response as Response;
      if (this.#fault) throw this.#fault;
    } catch (error) {
      throw this.#fault ?? error;
    } finally {
      this.cancel();
    }
  }
}

function metadataOf({ traceparent }: CallOptions): Metadata {
  const metadata = new Metadata();
  if (traceparent) metadata.set('traceparent', traceparent);
  return metadata;
}

function grpcOptionsOf({ deadlineMs = Number.POSITIVE_INFINITY }: CallOptions): GrpcCallOptions {
  return deadlineMs > TIMER_MAX_MS ? {} : { deadline: Date.now() + deadlineMs };
}

/** What grpc-js says if the server ends a connection with ENHANCE_YOUR_CALM: one of its clients asks for too much. */
const CALM = 'Bandwidth exhausted or memory limit exceeded';

/** Without an answer of the server itself, the message names its endpoint. */
function faultOf(error: Error | ServiceError, endpoint: string, isCancelled: boolean | undefined): Fault {
  // The stream's own error: its iteration was left.
  if (!('details' in error)) return new Fault('CANCELLED', error.message, { cause: error });
  // grpc-js ends some messages with a heading and no note.
  const why = error.details
    .trimEnd()
    .replace(/Resolution note:$/, '')
    .trimEnd()
    // What the operating system said stands within grpc-js's words for it.
    .replace(/^No connection established\. Last error: (?:Error: )?(.+)\.$/s, '$1');
  const isReset = error.code === status.CANCELLED || why.startsWith('Received RST_STREAM') || why === CALM;
  if (isReset && !isCancelled) {
    return new Fault('UNAVAILABLE', `${endpoint} broke off the call: ${why}`, { cause: error });
  }
  if (error.code === status.UNIMPLEMENTED && !hasDetails(error)) {
    const asked = `is ${endpoint} another service, or of an older version?`;
    return new Fault('INVALID_INPUT', `${why}: ${asked}`, { cause: error });
  }
  if (error.code === status.DEADLINE_EXCEEDED && !hasDetails(error)) {
    return new Fault('DEADLINE', `${endpoint} did not answer in time`, { cause: error });
  }
  if (error.code !== status.UNAVAILABLE || hasDetails(error)) return faultFromServiceError(error);
  return new Fault('UNAVAILABLE', `cannot reach ${endpoint}: ${why}`, { cause: error });
}
