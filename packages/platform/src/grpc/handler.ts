import type { ServiceDefinition } from '@grpc/grpc-js';

/** What a handler knows of its call. */
export interface CallContext {
  /** Aborted, with a Fault as reason, once nobody waits for the answer: cancelled, past its deadline, or the server ends. */
  readonly signal: AbortSignal;
  /** Unix time in milliseconds; Infinity for a stream that stays and whose caller set none. */
  readonly deadlineAtMs: number;
  /** The caller's W3C trace context; empty when there is none, or a malformed one. */
  readonly traceparent: string;
  /** Whom limits count: the peer's address without its port. */
  readonly client: string;
}

export type UnaryHandler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/** Answers are taken from it no faster than the client reads them. */
export type ServerStreamHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => AsyncIterable<Response>;

/**
 * Requests are read from the client no faster than from `requests`, which ends when the client is done, and also when
 * the server stops: what was read by then can still be answered. `send` resolves when the client can take more. Both
 * throw the signal's reason once it is aborted; a client that cancels may seem done a moment before.
 * The call ends when the handler does.
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

/** A method of one request and one answer. */
export function unary<Request, Response>(
  handler: UnaryHandler<Request, Response>,
): UnaryMethod<Request, Response> {
  return { kind: 'unary', handler };
}

/** A method of one request and many answers. One that `stays`, or takes as long as it takes, has no deadline of the server’s. */
export function serverStream<Request, Response>(
  handler: ServerStreamHandler<Request, Response>,
  { stays = false }: { readonly stays?: boolean } = {},
): ServerStreamMethod<Request, Response> {
  return { kind: 'serverStream', stays, handler };
}

/** A connection: many requests, many answers, no deadline of the server's. */
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

/** One method for each of a service's definition. */
export type Implementation<Definition> = {
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

/** Puts a generated definition and its implementation together, each method checked against the contract. */
export function grpcService<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
): GrpcService {
  return { definition, implementation: implementation as GrpcService['implementation'] };
}

type WithRawRequests<Definition, Names> = {
  readonly [Name in keyof Definition]: Name extends Names
    ? Omit<Definition[Name], 'requestDeserialize'> & { requestDeserialize: (bytes: Buffer) => Buffer }
    : Definition[Name];
};

/** The same service with the requests of some methods left as bytes, for a handler that decodes them in its own way. */
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
