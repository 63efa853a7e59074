import type { ServiceDefinition } from '@grpc/grpc-js';

/** The longest time that a timer can wait: about 25 days. */
export const TIMER_MAX_MS = 2 ** 31 - 1;

/** What a handler knows about its call. */
export interface CallContext {
  /** Aborted when the answer is no longer needed: cancelled, past the deadline, or the server stops. The reason is a Fault. */
  readonly signal: AbortSignal;
  /** Unix time in milliseconds. Infinity for a stream that stays if its caller set none. */
  readonly deadlineAtMs: number;
  /** The W3C trace context of the caller. Empty if there is none, or a malformed one. */
  readonly traceparent: string;
  /** The address of the peer without its port, or its network. Limits count by it. */
  readonly client: string;
}

const LAST_MS = 200;

/**
 * The signal of a wait: aborted with the call, and a little before its deadline, so that the answer which says what was
 * waited for still reaches the caller.
 */
export function beforeDeadline({
  signal,
  deadlineAtMs,
}: Pick<CallContext, 'signal' | 'deadlineAtMs'>): AbortSignal {
  const leftMs = deadlineAtMs - Date.now();
  if (leftMs > TIMER_MAX_MS) return signal;
  return AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(Math.max(0, leftMs - LAST_MS, leftMs / 2)))]);
}

export type UnaryHandler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/** The server takes answers from it only as fast as the client reads them. */
export type ServerStreamHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => AsyncIterable<Response>;

/**
 * The server reads from the client only as fast as the handler takes from `requests`. `requests` ends when the client is
 * done, and also when the server stops, so that the handler can still answer what it has read. `send` resolves when the
 * client can take more. Both throw the reason of the signal after it aborts; shortly before, a client that cancels may
 * look like one that is done. The call ends when the handler returns.
 */
export type BidiHandler<Request, Response> = (
  requests: AsyncIterable<Request>,
  send: (response: Response) => Promise<void>,
  context: CallContext,
) => Promise<void>;

export interface UnaryMethod<Request, Response> {
  readonly kind: 'unary';
  readonly handler: UnaryHandler<Request, Response>;
}

export interface ServerStreamMethod<Request, Response> {
  readonly kind: 'serverStream';
  readonly stays: boolean;
  readonly handler: ServerStreamHandler<Request, Response>;
}

export interface BidiMethod<Request, Response> {
  readonly kind: 'bidi';
  readonly handler: BidiHandler<Request, Response>;
}

export type Method<Request, Response> =
  | UnaryMethod<Request, Response>
  | ServerStreamMethod<Request, Response>
  | BidiMethod<Request, Response>;

/** A method with one request and one answer. */
export function unary<Request, Response>(
  handler: UnaryHandler<Request, Response>,
): UnaryMethod<Request, Response> {
  return { kind: 'unary', handler };
}

/** A method with one request and many answers. If it `stays` open, it gets no default deadline. */
export function serverStream<Request, Response>(
  handler: ServerStreamHandler<Request, Response>,
  { stays = false }: { readonly stays?: boolean } = {},
): ServerStreamMethod<Request, Response> {
  return { kind: 'serverStream', stays, handler };
}

/** A connection: many requests and many answers, without a default deadline. */
export function bidi<Request, Response>(
  handler: BidiHandler<Request, Response>,
): BidiMethod<Request, Response> {
  return { kind: 'bidi', handler };
}

type Unary = { readonly requestStream: false; readonly responseStream: false };
type ServerStream = { readonly requestStream: false; readonly responseStream: true };
type Bidi = { readonly requestStream: true; readonly responseStream: true };
type RequestOf<M> = M extends { requestDeserialize: (bytes: Buffer) => infer Request } ? Request : never;
type ResponseOf<M> = M extends { responseSerialize: (response: infer Response) => Buffer } ? Response : never;

/** One method for each method in the definition of a service. */
type Implementation<Definition> = {
  readonly [Name in keyof Definition]: Definition[Name] extends Unary
    ? UnaryMethod<RequestOf<Definition[Name]>, ResponseOf<Definition[Name]>>
    : Definition[Name] extends ServerStream
      ? ServerStreamMethod<RequestOf<Definition[Name]>, ResponseOf<Definition[Name]>>
      : Definition[Name] extends Bidi
        ? BidiMethod<RequestOf<Definition[Name]>, ResponseOf<Definition[Name]>>
        : never;
};

/** A service that a server can offer. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: Readonly<Record<string, Method<never, unknown>>>;
}

/** Combines a generated definition with its implementation. The compiler checks each method against the contract. */
export function grpcService<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
): GrpcService {
  return { definition, implementation: implementation as GrpcService['implementation'] };
}

/** `odograph.history.v1.EventLog`, from the path `/odograph.history.v1.EventLog/Read` of a method. */
export function serviceName({ definition }: GrpcService): string {
  return Object.values(definition)[0]?.path.split('/')[1] ?? '';
}

type WithRawRequests<Definition, Names> = {
  readonly [Name in keyof Definition]: Name extends Names
    ? Omit<Definition[Name], 'requestDeserialize'> & { requestDeserialize: (bytes: Buffer) => Buffer }
    : Definition[Name];
};

/** The same service, but some methods get their requests as bytes and decode them themselves. */
export function withRawRequests<Definition extends ServiceDefinition, Name extends keyof Definition & string>(
  definition: Definition,
  ...names: readonly Name[]
): WithRawRequests<Definition, Name> {
  const raw = names.map((name) => [
    name,
    { ...definition[name], requestDeserialize: (bytes: Buffer) => bytes },
  ]);
  return { ...definition, ...Object.fromEntries(raw) };
}
