import type { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
} from '@grpc/grpc-js';
import { invariant } from '@odograph/kernel/fault';
import { type CallScope, type OpenCall, openCall } from './call.ts';
import { decode, type RequestDecoder } from './decode.ts';
import type { BidiMethod, ServerStreamMethod, UnaryMethod } from './handler.ts';

/** The grpc-js handler of a unary method. */
export function answerUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  decoder: RequestDecoder,
  scope: CallScope,
): handleUnaryCall<Buffer, Response> {
  return (call, callback) => {
    const open = openCall(call, method, scope);
    const work = async () => {
      await open.admit();
      return await method.handler(decode<Request>(decoder, call.request), open.context);
    };
    open.until(work()).then(
      (response) => {
        open.succeed();
        callback(null, response);
      },
      (error: unknown) => callback(open.fail(error)),
    );
  };
}

/** The grpc-js handler of a server-streaming method. */
export function answerServerStream<Request, Response>(
  method: ServerStreamMethod<Request, Response>,
  decoder: RequestDecoder,
  scope: CallScope,
): handleServerStreamingCall<Buffer, Response> {
  return (call) => {
    const open = openCall(call, method, scope);
    const work = async () => {
      await sendAll(method.handler(decode<Request>(decoder, call.request), open.context), call, open);
    };
    answerStream(work(), call, open);
  };
}

/** The grpc-js handler of a bidirectional method. */
export function answerBidi<Request, Response>(
  method: BidiMethod<Request, Response>,
  decoder: RequestDecoder,
  scope: CallScope,
): handleBidiStreamingCall<Buffer, Response> {
  return (call) => {
    const open = openCall(call, method, scope);
    const send = (response: Response) => sendOne(response, call, open);
    const requestOf = (message: Buffer) => {
      scope.took(message);
      return decode<Request>(decoder, message);
    };
    const work = async () => {
      await open.until(method.handler(readAll(call, open, requestOf), send, open.context));
      // If the server stopped before the client was done, the call ends with that reason.
      if (!call.readableEnded) open.reading.throwIfAborted();
    };
    answerStream(work(), call, open);
  };
}

/** The common part of grpc-js calls that answer with a stream. */
interface ResponseStream<Response> extends NodeJS.EventEmitter {
  write(response: Response, onTaken: () => void): boolean;
  end(): void;
}

function answerStream(work: Promise<void>, call: ResponseStream<never>, open: OpenCall): void {
  work.then(
    () => {
      open.succeed();
      call.end();
    },
    (error: unknown) => call.emit('error', open.fail(error)),
  );
}

/**
 * Resolves when the client has taken the answer, as far as flow control goes, so that a slow client holds its handler back
 * instead of filling memory: grpc-js lets 16 answers wait.
 */
async function sendOne<Response>(
  response: Response,
  call: ResponseStream<Response>,
  open: OpenCall,
): Promise<void> {
  open.context.signal.throwIfAborted();
  await open.until(new Promise<void>((taken) => call.write(response, () => taken())));
}

async function sendAll<Response>(
  responses: AsyncIterable<Response>,
  call: ResponseStream<Response>,
  open: OpenCall,
): Promise<void> {
  const iterator = responses[Symbol.asyncIterator]();
  const next = () => open.until(iterator.next());
  try {
    for (let step = await next(); !step.done; step = await next()) await sendOne(step.value, call, open);
  } catch (error) {
    // Not awaited: a generator that waits for something closes only when its wait ends.
    open.leave(async () => iterator.return?.());
    throw error;
  }
}

/** The requests. The stream's own iterator destroys the stream on an error, before the answer is sent, so it is not used. */
async function* readAll<Request>(
  call: ServerDuplexStream<Buffer, never>,
  open: OpenCall,
  requestOf: (message: Buffer) => Request,
): AsyncGenerator<Request> {
  readOneAhead(call);
  try {
    while (!call.readableEnded) {
      open.reading.throwIfAborted();
      const message: Buffer | null = call.read();
      if (message !== null) yield requestOf(message);
      else await open.until(firstEvent(call, 'readable', 'end'), open.reading);
    }
  } catch (error) {
    const isServerStopping = open.reading.aborted && !open.context.signal.aborted;
    if (!isServerStopping) throw error;
  }
}

/**
 * Lets one unread message wait for each stream. grpc-js lets 16 wait, each as large as the limit allows, and has no option
 * for that, so this sets a private field of Node's streams.
 */
function readOneAhead(stream: object): void {
  const { _readableState } = stream as { _readableState: { highWaterMark: number } };
  _readableState.highWaterMark = 1;
}

const probe = new Duplex({ objectMode: true });
readOneAhead(probe);
invariant(
  probe.readableHighWaterMark === 1,
  'a stream reads ahead as far as _readableState.highWaterMark says',
);

/** Resolves with the first of these events; unlike `once`, it does not reject on 'error'. */
function firstEvent(emitter: EventEmitter, ...events: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  for (const event of events) emitter.on(event, wake);
  return promise.finally(() => {
    for (const event of events) emitter.off(event, wake);
  });
}
