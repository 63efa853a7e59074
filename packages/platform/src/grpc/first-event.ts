import type { EventEmitter } from 'node:events';

/** Resolves with the first of these events; unlike `once`, an 'error' is an event like any other. */
export function firstEvent(emitter: EventEmitter, ...events: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  for (const event of events) emitter.on(event, wake);
  return promise.finally(() => {
    for (const event of events) emitter.off(event, wake);
  });
}
