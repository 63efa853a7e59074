import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
import type { OwnedProcess, ProcessExit } from '@odograph/engines/owned-process';
import { ProcessFault, type ProcessLog } from '@odograph/engines/process-fault';
import { pause, systemClock } from '@odograph/kernel/clock';
import { Fault, isFault, isFinal } from '@odograph/kernel/fault';
import { createRestartPolicy, type RestartLimits, type RestartPolicy } from './restart-policy.ts';

/** How a process ended, and why if it has said so: `was blocked for 10 s in …`. */
export interface ChildExit extends ProcessExit {
  readonly why?: string | undefined;
}

/** A process that is up: an engine or a service. */
export interface Child extends ProcessLog, Pick<OwnedProcess, 'kill' | 'stop'> {
  readonly exited: Promise<ChildExit>;
  /** Its name in messages: the service's name, or the engine's title and version. */
  readonly title: string;
  /** `host:port` of a service, the URL of an engine. */
  readonly endpoint: string;
  /** `host:port` of the metrics; an engine has none. */
  readonly metrics?: string;
}

export interface SuperviseOptions {
  readonly name: string;
  readonly limits: RestartLimits;
  /**
   * Starts the process and resolves when it is up. A restart uses the same port and the same data.
   * When the signal is aborted, its reason is the {@link EndSignal} for what is still starting.
   * @param wasUp whether it was up since it was told to start, and has ended by itself.
   */
  launch(signal: AbortSignal, wasUp: boolean): Promise<Child>;
  /** Called after each start. */
  onUp?(name: string, child: Child): void;
  /** Called when the process is given up: it does not stay up, it cannot start until a person acts, or `launch` has a bug. */
  onGivenUp?(error: unknown): void;
  readonly note?: Note;
}

/** How a process is ended: in order, or at once. */
type EndSignal = 'SIGTERM' | 'SIGKILL';

/** The time from `start()` until the process is stopped, killed or given up. */
interface Run {
  readonly ending: AbortController;
  /** Settles when the process is up, or when the run ends first. */
  up: PromiseWithResolvers<void>;
  /** Whether it has been up. */
  wasUp: boolean;
  /** Resolves at the end of the run; never rejects. */
  done: Promise<void>;
}

/** A process that is restarted when it exits, until it is stopped or killed. The README has the states. */
export class SupervisedProcess {
  readonly name: string;
  readonly #options: SuperviseOptions;
  #run: Run | undefined;
  #child: Child | undefined;
  #crashes = 0;

  constructor(options: SuperviseOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Undefined while it is not up. */
  pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often it has exited without `stop()` or `kill()` after it was up. */
  crashes(): number {
    return this.#crashes;
  }

  /**
   * Starts it unless it runs, and resolves when it is up.
   * @throws Fault INTERNAL with its last log lines when it does not stay up, CANCELLED when it is stopped first, and
   *   the Fault of `launch` if another try would end in the same way.
   */
  async start(): Promise<void> {
    if (this.#run?.ending.signal.aborted) await this.#run.done;
    this.#run ??= this.#begin();
    await this.#run.up.promise;
  }

  /** Lets it run, but starts it no more when it ends; a start that is under way is stopped. */
  letEnd(): void {
    this.#run?.ending.abort('SIGTERM' satisfies EndSignal);
  }

  /** SIGTERM, and SIGKILL after a timeout; resolves when it has ended. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGSTOP: it keeps its connections and does not answer. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  #begin(): Run {
    const run: Run = { ending: new AbortController(), up: nextUp(), wasUp: false, done: Promise.resolve() };
    run.done = this.#keepUp(run).then(
      () => {
        this.#run = undefined;
        run.up.reject(new Fault('CANCELLED', `${this.name} was stopped while it was starting`));
      },
      (error: unknown) => {
        this.#run = undefined;
        run.up.reject(error);
        this.#options.onGivenUp?.(error);
      },
    );
    return run;
  }

  async #keepUp(run: Run): Promise<void> {
    const { limits, note } = this.#options;
    const { signal } = run.ending;
    const policy = createRestartPolicy(systemClock, limits);
    while (!signal.aborted) {
      const { headline, message } = await this.#runOnce(run, policy);
      if (signal.aborted) return;
      const delayMs = policy.exited();
      if (delayMs === undefined)
        throw new Fault('INTERNAL', `${this.name} does not stay up, giving up: ${message}`);
      note?.(`${headline}: restarting it in ${delayMs / 1_000} s`);
      await pause(delayMs, signal);
    }
  }

  /** Starts the process and waits until it has ended. @returns how it ended. */
  async #runOnce(run: Run, policy: RestartPolicy): Promise<Ending> {
    const { signal } = run.ending;
    let child: Child;
    try {
      child = await this.#options.launch(signal, run.wasUp);
    } catch (error) {
      if (isFinal(error) || !(isFault(error) || isSystemError(error))) throw error;
      const { message } = error;
      return { headline: error instanceof ProcessFault ? error.headline : message, message };
    }
    this.#child = child;
    if (signal.aborted) await endBy(child, signal.reason);
    else {
      policy.up();
      run.wasUp = true;
      this.#options.onUp?.(this.name, child);
      run.up.resolve();
    }
    const exit = await child.exited;
    this.#child = undefined;
    if (!signal.aborted) {
      this.#crashes += 1;
      run.up = nextUp();
    }
    return endingOf(`${this.name} ${describeExit(exit)}`, child, exit);
  }

  async #end(signal: EndSignal): Promise<void> {
    const run = this.#run;
    run?.ending.abort(signal);
    if (this.#child) await endBy(this.#child, signal);
    await run?.done;
  }
}

/** How a process ended, in a line, and the same with the last lines of its log. */
type Ending = Pick<ProcessFault, 'headline' | 'message'>;

/** A process that was killed, or said why it ends, has nothing else in its log that explains it. */
function endingOf(what: string, log: ProcessLog, { signal, why }: ChildExit): Ending {
  if (signal === 'SIGKILL' || why !== undefined) return { headline: what, message: what };
  return new ProcessFault(what, log);
}

/** A caller may or may not wait for it, so a rejection is always handled. */
function nextUp(): PromiseWithResolvers<void> {
  const up = Promise.withResolvers<void>();
  up.promise.catch(() => undefined);
  return up;
}

async function endBy(child: Child, signal: EndSignal): Promise<void> {
  // A paused process handles SIGTERM only after SIGCONT.
  child.kill(signal === 'SIGKILL' ? 'SIGKILL' : 'SIGCONT');
  await (signal === 'SIGKILL' ? child.exited : child.stop());
}

/** For example `was killed by SIGKILL` or `ended with exit code 1`. */
export function describeExit({ code, signal, why }: ChildExit): string {
  if (why !== undefined) return why;
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
