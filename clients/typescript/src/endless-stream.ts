import { type CallOptions, type Channel, callServerStream } from './call.ts';
import { Fault, isFault } from './fault.ts';
import { PASSING_FOR_REPORTS, retryDelayMs, sleep } from './retry.ts';

interface EndlessOptions extends Pick<CallOptions, 'signal' | 'traceparent'> {
  /** Called when the stream broke; it is opened again after `retryInMs` milliseconds. */
  readonly onDisconnect?: ((fault: Fault, retryInMs: number) => void) | undefined;
}

/**
 * The answers of a stream that the server never ends, until the signal is aborted. After a disconnect it is opened again, with a
 * new request. Throws a Fault that will not pass.
 */
export async function* endlessStream<Request, Response>(
  channel: Channel,
  method: Parameters<typeof callServerStream<Request, Response>>[1],
  request: () => Request,
  { signal, traceparent, onDisconnect }: EndlessOptions,
): AsyncGenerator<Response, void, undefined> {
  let failuresInARow = 0;
  while (!signal?.aborted) {
    try {
      for await (const answer of callServerStream(channel, method, request(), { signal, traceparent })) {
        failuresInARow = 0;
        yield answer;
      }
      throw new Fault('UNAVAILABLE', `${channel.endpoint} ended the stream`);
    } catch (error) {
      if (signal?.aborted) return;
      if (!isFault(error, ...PASSING_FOR_REPORTS)) throw error;
      const retryInMs = retryDelayMs(error.retryAfterMs, failuresInARow);
      failuresInARow += 1;
      onDisconnect?.(error, retryInMs);
      // Only the signal ends it early, and the loop sees that next.
      await sleep(retryInMs, signal).catch(() => undefined);
    }
  }
}
