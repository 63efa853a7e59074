import { Fault } from '@odograph/kernel/fault';
import { App, type Part, type Started } from './app.ts';

/** A name that no part has yet. A name that is taken does not compile. */
type NewName<Name extends string, Parts> = Name extends keyof Parts ? never : Name;

/** The value of a part, from what its `make` returned. */
type ValueOf<Made> = Awaited<Made> extends Started<infer Value> ? Value : Awaited<Made>;

type With<Parts, Name extends string, Value> = Parts & { readonly [N in Name]: Value };

/** The parts of an app in the order in which they are made and started. They stop in the reverse order. */
export interface Composition<Parts> {
  /**
   * Adds a part. `make` gets the parts before it, may be asynchronous, and may return its value with `started`.
   * If it can take long, it must give up when `stopping` is aborted.
   */
  part<Name extends string, Made>(
    name: NewName<Name, Parts>,
    make: (parts: Parts, stopping: AbortSignal) => Made,
  ): Composition<With<Parts, Name, ValueOf<Made>>>;
  /** Returns an app of these parts that has not started. */
  build(): App<Parts>;
}

/** Begins an app. Its errors carry the name. */
export function compose(appName: string): Composition<Readonly<Record<never, never>>> {
  return composition(appName, []);
}

function composition<Parts>(appName: string, parts: readonly Part[]): Composition<Parts> {
  return {
    part: (name, make) => {
      if (parts.some((other) => other.name === name)) {
        throw new Fault('INTERNAL', `${appName}: two parts are named ${name}`);
      }
      return composition<never>(appName, [...parts, { name, make }]);
    },
    build: () => new App(appName, parts),
  };
}
