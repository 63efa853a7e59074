import type { Collection, Db } from 'mongodb';

/** What the code of the outbox calls on a collection and waits for, and on a cursor. */
const AWAITED = new Set([
  ...['insertMany', 'updateOne', 'updateMany', 'findOne', 'findOneAndUpdate', 'deleteOne', 'replaceOne'],
  ...['countDocuments', 'toArray'],
]);
const CURSORS = new Set(['find', 'aggregate']);

/** A process dies at one of its steps: before what it waits for has happened, or after it, without learning of it. */
export interface CrashPlan {
  readonly step: number;
  readonly when: 'before' | 'after';
}

export class Crash extends Error {}

/** Counts the steps of a process, and kills it at one of them: from then on every step fails. */
export class DoomedProcess {
  readonly #plan: CrashPlan;
  #steps = 0;

  constructor(plan: CrashPlan) {
    this.#plan = plan;
  }

  get isDead(): boolean {
    return this.#steps > this.#plan.step;
  }

  /** One await of the process. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    const at = this.#steps;
    this.#steps += 1;
    const { step, when } = this.#plan;
    if (at > step || (at === step && when === 'before')) throw new Crash(`before step ${step}`);
    const result = await work();
    if (at === step || this.isDead) throw new Crash(`after step ${step}`);
    return result;
  }

  /** The database as the process sees it. */
  db(db: Db): Db {
    const collection = (name: string, options: object) => this.#wrap(db.collection(name, options));
    return { collection } as unknown as Db;
  }

  #wrap<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const call = member.bind(target) as (...parameters: readonly unknown[]) => unknown;
        if (AWAITED.has(String(name)))
          return (...parameters: readonly unknown[]) =>
            this.step(() => call(...parameters) as Promise<unknown>);
        // A cursor is chained until it is read.
        if (CURSORS.has(String(name)) || isCursor(target))
          return (...parameters: readonly unknown[]) => {
            const result = call(...parameters);
            return isObject(result) && !(result instanceof Promise) ? this.#wrap(result) : result;
          };
        return call;
      },
    });
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isCursor = (value: object): boolean => !('collectionName' in (value as Partial<Collection>));
