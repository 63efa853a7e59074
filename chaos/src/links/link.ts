import type { Socket } from 'node:net';
import { Fault } from '@odograph/kernel/fault';
import type { Random } from '@odograph/kernel/random';
import { bridge, type Connection, strand } from './connection.ts';
import { openListener } from './listener.ts';
import type { Protocol, Watcher } from './protocol.ts';
import { type Slowness, Weather } from './weather.ts';

export interface LinkOptions {
  /** For messages, such as `history-mongo`. */
  readonly name: string;
  /** A port of loopback. Nobody need listen there yet, nor all the time. */
  readonly targetPort: number;
  /** Without it there are no frames to watch. */
  readonly protocol?: Protocol;
  /** Draws the jitter, at moments that no seed decides: give it one of its own. Default: the same each time. */
  readonly random?: Random;
}

/** A TCP link between two processes: whoever is to reach the target connects to `port` instead. */
export interface Link extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Connections that go through it now. */
  connections(): number;
  /** Resets all connections, and refuses new ones until it is healed. */
  cut(): void;
  /** Resets all connections once. */
  reset(): void;
  /**
   * From now on no byte passes and nobody is told; new connections are accepted and stay silent. Healing resets all of
   * them, as a peer does that knows them no more. What the operating system had been given before may still arrive.
   */
  hang(): void;
  /** Slow each way, from now on, until it is healed or told otherwise. */
  slow(slowness: Slowness): void;
  /** Ends all of it; resolves once new connections are accepted. */
  heal(): Promise<void>;
  /** Shows each frame before it is forwarded, until the returned function is called. */
  watch(watcher: Watcher): () => void;
  /**
   * Resets all connections, and ends. Rejects with the first that went wrong: what a watcher threw, or a Fault
   * INVALID_INPUT where bytes were not of the protocol.
   */
  close(): Promise<void>;
}

/** Opens a link on a free port of loopback. */
export async function openLink({ name, targetPort, protocol, random }: LinkOptions): Promise<Link> {
  const weather = new Weather(random);
  const watchers = new Set<Watcher>();
  const connections = new Set<Connection>();
  const faults: unknown[] = [];

  function accept(client: Socket): void {
    const onOver = () => void connections.delete(connection);
    const onFault = (fault: unknown) => void faults.push(fault);
    const parts = { client, targetPort, protocol, weather, watchers, onOver, onFault };
    const connection = weather.isHung ? strand(parts) : bridge(parts);
    connections.add(connection);
  }

  function reset(): void {
    for (const connection of connections) connection.reset();
  }

  const listener = await openListener(accept);

  const link: Link = {
    name,
    port: listener.port,
    connections: () => connections.size,
    reset,
    cut() {
      listener.shut();
      reset();
    },
    hang: () => weather.hang(),
    slow: (slowness) => weather.makeSlow(slowness),
    async heal() {
      if (weather.isHung) reset();
      weather.heal();
      await listener.open();
    },
    watch(watcher) {
      if (!protocol) throw new Fault('RULE_VIOLATED', `link ${name} has no protocol to watch`);
      return addWatcher(watchers, watcher);
    },
    close() {
      listener.shut();
      reset();
      weather.heal();
      return faults.length > 0 ? Promise.reject(faults[0]) : Promise.resolve();
    },
    [Symbol.asyncDispose]: () => link.close(),
  };
  return link;
}

function addWatcher(watchers: Set<Watcher>, watcher: Watcher): () => void {
  // Its own object, so that the same function can watch twice.
  const own: Watcher = (frame) => watcher(frame);
  watchers.add(own);
  return () => void watchers.delete(own);
}
