import { Fault } from '@odograph/kernel/fault';
import { App } from './app.ts';
import type { Part, PartInfo, ValueOf } from './part.ts';

/** A name that is not taken yet; any other does not compile. */
type NewName<Name extends string, Parts> = Name extends keyof Parts ? never : Name;

type With<Parts, Name extends string, Value> = Parts & { readonly [N in Name]: Value };

/**
 * What an app is made of, in the order in which its parts are made and started; stopping goes the other way.
 * A part names only parts before it, so there is always an order: a forward reference, a cycle or a name used twice does not
 * compile, and where types are evaded it fails when it is registered. Each step gives a new composition.
 */
export interface Composition<Parts> {
  /**
   * A part there is one of. `make` may be asynchronous, and may give its value a life with `started`. One that may take long
   * ends when `stopping` is aborted: the app was told to stop while it starts.
   */
  part<Name extends string, const Names extends readonly (keyof Parts & string)[], Made>(
    name: NewName<Name, Parts>,
    dependencies: Names,
    make: (dependencies: Pick<Parts, Names[number]>, stopping: AbortSignal) => Made,
  ): Composition<With<Parts, Name, ValueOf<Made>>>;
  /** A part that others get as a function, which makes a new one at each call; who calls it owns what it makes. */
  factory<Name extends string, const Names extends readonly (keyof Parts & string)[], Made>(
    name: NewName<Name, Parts>,
    dependencies: Names,
    make: (dependencies: Pick<Parts, Names[number]>) => Made,
  ): Composition<With<Parts, Name, () => Made>>;
  /** The same with some parts replaced by values that are there already, such as a test's; nobody starts or stops those. */
  with(overrides: Partial<Parts>): Composition<Parts>;
  /** The parts and what each needs, in order. */
  graph(): readonly PartInfo[];
  /** An app of these parts, not started yet. */
  build(): App<Parts>;
}

/** Begins an app; its errors carry the name. */
export function compose(appName: string): Composition<Readonly<Record<never, never>>> {
  return composition(appName, []);
}

function composition<Parts>(appName: string, parts: readonly Part[]): Composition<Parts> {
  const add = (part: Part) => {
    assertRegistrable(appName, part, parts);
    return composition<never>(appName, [...parts, part]);
  };
  return {
    part: (name, dependencies, make) => add({ name, kind: 'singleton', dependencies, make }),
    factory: (name, dependencies, make) =>
      add({ name, kind: 'factory', dependencies, make: (given: never) => () => make(given) }),
    with: (overrides) => {
      const isOverridden = ({ name }: Part) => Object.hasOwn(overrides, name);
      const override = (part: Part): Part => ({
        ...part,
        kind: 'override',
        make: () => Reflect.get(overrides, part.name),
      });
      return composition(
        appName,
        parts.map((part) => (isOverridden(part) ? override(part) : part)),
      );
    },
    graph: () => parts.map(({ name, kind, dependencies }) => ({ name, kind, dependencies })),
    build: () => new App(appName, parts),
  };
}

function assertRegistrable(appName: string, part: Part, before: readonly Part[]): void {
  const isRegistered = (name: string) => before.some((other) => other.name === name);
  if (isRegistered(part.name)) throw new Fault('INTERNAL', `${appName}: two parts are named ${part.name}`);
  const missing = part.dependencies.find((name) => !isRegistered(name));
  if (missing === undefined) return;
  throw new Fault(
    'INTERNAL',
    `${appName}: ${part.name} → ${missing}: ${missing} is not registered before it`,
  );
}
