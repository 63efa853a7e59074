import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { Fault } from '@odograph/kernel/fault';
import { faultFromServiceError, STATUS_DETAILS_TRAILER } from './status.ts';

const DEFAULT_DEADLINE_MS = 30_000;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** grpc-js servers take a longer one for one that has passed. */
const DEADLINE_MAX_MS = 2 ** 31 - 1;

export interface CallSettings {
  /** From now on. Unary calls: 30 s by default; streams: none. */
  readonly deadlineMs?: number;
  readonly traceparent?: string;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

interface ClientConstructor<C extends Client> {
  new (address: string, channelCredentials: ChannelCredentials, options?: Partial<ClientOptions>): C;
  readonly service: object;
}

/** Whom a method of a client calls, for the messages of faults. */
const endpointOf = new WeakMap<object, string>();

/**
 * A generated client whose methods can be handed to {@link callUnary} and its siblings: `callUnary(client.report, …)`.
 * It connects with the first call, and again after each loss, with short waits.
 */
export function createGrpcClient<C extends Client>(
  Constructor: ClientConstructor<C>,
  endpoint: string,
  options: Partial<ClientOptions> = {},
): C {
  const client = new Constructor(endpoint, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    ...options,
  });
  for (const name of Object.keys(Constructor.service)) {
    const unbound: unknown = Reflect.get(client, name);
    if (typeof unbound !== 'function') continue;
    const method: object = unbound.bind(client);
    endpointOf.set(method, endpoint);
    Reflect.set(client, name, method);
  }
  return client;
}

type UnaryCall<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** Calls a method of one answer. Throws a Fault. */
export function callUnary<Request, Response>(
  method: UnaryCall<Request, Response>,
  request: Request,
  settings: CallSettings = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = callOptions({ deadlineMs: DEFAULT_DEADLINE_MS, ...settings });
    const call = method(request, callMetadata(settings), options, (error, response) => {
      stopWatching();
      if (error) reject(faultOf(error, method));
      else resolve(response);
    });
    const stopWatching = cancelOnAbort(call, settings.signal);
  });
}

type ServerStreamCall<Request, Response> = (
  request: Request,
  metadata?: Metadata,
  options?: Partial<CallOptions>,
) => ClientReadableStream<Response>;

/** Calls a method of many answers when iteration begins, and cancels it when iteration is left. Throws a Fault. */
export async function* callServerStream<Request, Response>(
  method: ServerStreamCall<Request, Response>,
  request: Request,
  settings: CallSettings = {},
): AsyncGenerator<Response> {
  const call = method(request, callMetadata(settings), callOptions(settings));
  yield* readAll(call, watchOutcome(call, method), settings.signal);
}

/** A connection, from the client's side. */
export interface BidiCall<Request, Response> {
  /** Resolves when more can be sent. Throws the connection's Fault once it has ended. */
  send(request: Request): Promise<void>;
  /** No more requests will follow. */
  end(): void;
  cancel(): void;
  /** To be iterated once, and soon: until then, grpc-js keeps all that comes. Leaving it cancels the call. Throws a Fault. */
  readonly responses: AsyncIterable<Response>;
}

type BidiMethod<Request, Response> = (
  metadata: Metadata,
  options?: Partial<CallOptions>,
) => ClientDuplexStream<Request, Response>;

/** Opens a connection. */
export function callBidi<Request, Response>(
  method: BidiMethod<Request, Response>,
  settings: CallSettings = {},
): BidiCall<Request, Response> {
  const call = method(callMetadata(settings), callOptions(settings));
  const outcome = watchOutcome(call, method);
  const assertOpen = () => {
    if (outcome.hasEnded) throw outcome.fault ?? new Fault('UNAVAILABLE', 'the server ended the connection');
  };
  const send = async (request: Request) => {
    assertOpen();
    if (!call.write(request))
      await new Promise<void>((resolve) => {
        for (const event of ['drain', 'status']) call.once(event, () => resolve());
      });
    assertOpen();
  };
  return {
    send,
    end: () => void call.end(),
    cancel: () => call.cancel(),
    responses: readAll(call, outcome, settings.signal),
  };
}

type ResponseStream<Response> = ClientReadableStream<Response> | ClientDuplexStream<never, Response>;

/** How a call went so far. */
interface Outcome {
  hasEnded: boolean;
  fault?: Fault;
}

/** To be called at once: an error nobody listens for ends the process, and an iteration begun later would miss it. */
function watchOutcome(call: ResponseStream<unknown>, method: object): Outcome {
  const outcome: Outcome = { hasEnded: false };
  call.on('error', (error: ServiceError) => {
    outcome.fault ??= faultOf(error, method);
  });
  call.on('status', () => {
    outcome.hasEnded = true;
  });
  return outcome;
}

async function* readAll<Response>(
  call: ResponseStream<Response>,
  outcome: Outcome,
  signal: AbortSignal | undefined,
): AsyncGenerator<Response> {
  const stopWatching = cancelOnAbort(call, signal);
  try {
    for await (const response of call) yield response;
    if (outcome.fault) throw outcome.fault;
  } catch (error) {
    throw outcome.fault ?? error;
  } finally {
    stopWatching();
    call.cancel();
  }
}

function cancelOnAbort(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
  const cancel = () => call.cancel();
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
}

function callMetadata({ traceparent }: CallSettings): Metadata {
  const metadata = new Metadata();
  if (traceparent) metadata.set('traceparent', traceparent);
  return metadata;
}

function callOptions({ deadlineMs = Number.POSITIVE_INFINITY }: CallSettings): Partial<CallOptions> {
  return deadlineMs > DEADLINE_MAX_MS ? {} : { deadline: Date.now() + deadlineMs };
}

/** Where no server answered, the message names whom it was for. */
function faultOf(error: ServiceError, method: object): Fault {
  const isUnanswered =
    error.code === status.UNAVAILABLE && !error.metadata?.get(STATUS_DETAILS_TRAILER).length;
  if (!isUnanswered) return faultFromServiceError(error);
  const endpoint = endpointOf.get(method) ?? 'the server';
  // The library ends with the heading of a note even where there is none.
  const why = error.details.replace(/\s*Resolution note:\s*$/, '');
  return new Fault('UNAVAILABLE', `cannot reach ${endpoint}: ${why}`, { cause: error });
}
