import type { Cluster } from '@odograph/cluster/cluster';
import { pause } from '@odograph/kernel/clock';
import type { Operation } from './canary/canary.ts';
import type { CanaryReply } from './canary/canary-process.ts';
import type { ForkedCanary } from './canary/fork-canary.ts';
import type { Input } from './inputs/input.ts';
import type { Target } from './inputs/script.ts';
import { untilBack } from './memory.ts';
import type { Processes } from './processes.ts';
import { type Broken, judgeAnswer, judgeOperation, Refusals, Violations } from './verdict.ts';

interface JudgeDeps {
  readonly cluster: Pick<Cluster, 'histories' | 'ingest' | 'caches' | 'alertings'>;
  readonly canary: Pick<ForkedCanary, 'settle' | 'stop'>;
  readonly processes: Pick<Processes, 'look' | 'holders'>;
  readonly target: Target;
}

/** Messages that are under way at the same time. */
const AT_ONCE = 128;
/** How long a service may take to serve again after an input; then it is started again. */
const RECOVERS_WITHIN_MS = 30_000;

/** Runs inputs, and finds which of them break a rule. */
export class Judge {
  readonly violations = new Violations();
  /** The longest that each operation of the canary took beyond what the machine withheld, in milliseconds. */
  readonly slowestMs: Record<string, number> = {};
  /** Delays that were seen once, and not when the same inputs ran again. */
  readonly notSeenAgain: Broken[] = [];
  readonly #refusals = new Refusals();
  readonly #deps: JudgeDeps;

  constructor(deps: JudgeDeps) {
    this.#deps = deps;
  }

  /** Runs a batch. If a rule breaks, looks for the fewest of its inputs that break one again. */
  async run(batch: readonly Input[]): Promise<void> {
    const broken = await this.#runOnce(batch);
    if (broken.length === 0) return;
    await this.#recover(batch);
    const isKnown = broken.every((each) => this.violations.has(each));
    const guilty = isKnown ? batch : await this.#guilty(batch);
    if (guilty.length === 0) this.notSeenAgain.push(...broken.filter(({ isDelay }) => isDelay));
    // Only a delay must be seen twice: the end of a process is one, even if it was the last of something.
    const sure = broken.filter(({ isDelay }) => guilty.length > 0 || !isDelay);
    for (const each of sure) this.violations.add(each, guilty.length > 0 ? guilty : batch);
  }

  /**
   * Judges what was since the last input, and waits until memory has come back. There is nothing to repeat, so a delay counts
   * at once. The canary has stopped before services are asked for their memory: they collect all garbage to tell it, which
   * holds up everybody.
   * @returns where each acknowledged report of the canary is in the log
   */
  async end(): Promise<CanaryReply['acknowledged']> {
    const { operations, acknowledged } = await this.#deps.canary.stop();
    const broken = this.#judge(operations);
    const notBack = await untilBack(this.#deps.processes.holders());
    for (const each of [...broken, ...notBack, ...this.#judge([])]) this.violations.add(each, []);
    return acknowledged;
  }

  /** The rules that a batch breaks together. What a single answer shows by itself is a violation already. */
  async #runOnce(batch: readonly Input[]): Promise<readonly Broken[]> {
    const late: Broken[] = [];
    const left = batch.values();
    const runOneByOne = async () => {
      for (const input of left) {
        const broken = (await input.run(this.#deps.target)).flatMap((answer) => judgeAnswer(answer) ?? []);
        late.push(
          ...broken
            .filter(({ isDelay }) => isDelay)
            .map((each) => ({ ...each, detail: `${input.name}: ${each.detail}` })),
        );
        for (const each of broken.filter(({ isDelay }) => !isDelay)) this.violations.add(each, [input]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runOneByOne));
    return [...(await this.#look()), ...late.slice(0, 1)];
  }

  /** Repeats a batch, and halves it as long as one half breaks a rule too. Empty: it breaks none again. */
  async #guilty(batch: readonly Input[]): Promise<readonly Input[]> {
    if ((await this.#runOnce(batch)).length === 0) return [];
    await this.#recover(batch);
    const middle = batch.length >> 1;
    if (middle === 0) return batch;
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const guilty = await this.#guilty(half);
      if (guilty.length > 0) return guilty;
    }
    return batch;
  }

  /** Waits for the canary, and gives the rules that were broken since the last look. */
  async #look(): Promise<readonly Broken[]> {
    const { operations } = await this.#deps.canary.settle();
    return this.#judge(operations);
  }

  /** The rules that were broken since the last look, with what the canary did since then. */
  #judge(operations: readonly Operation[]): readonly Broken[] {
    for (const { name, tookMs, lagMs } of operations)
      this.slowestMs[name] = Math.max(this.slowestMs[name] ?? 0, Math.round(tookMs - lagMs));
    const refused = operations.flatMap((operation) => this.#refusals.judge(operation) ?? []);
    const slow = operations.flatMap((operation) => judgeOperation(operation) ?? []);
    return [...this.#deps.processes.look(), ...refused.slice(0, 1), ...slow.slice(0, 1)];
  }

  /** Waits until the platform serves again. Services that do not are killed and started again. */
  async #recover(batch: readonly Input[]): Promise<void> {
    if (await this.#servesAgain(batch)) return;
    await this.#restart();
    if (await this.#servesAgain(batch)) return;
    const detail = `they did not after ${RECOVERS_WITHIN_MS / 1_000} s`;
    this.violations.add({ rule: 'services that were started again serve', detail }, batch);
  }

  /** Waits for that, but not for ever. */
  async #servesAgain(batch: readonly Input[]): Promise<boolean> {
    const deadlineAtMs = performance.now() + RECOVERS_WITHIN_MS;
    for (;;) {
      const broken = await this.#look();
      if (broken.length === 0) return true;
      for (const each of broken.filter(({ isDelay }) => !isDelay)) this.violations.add(each, batch);
      if (performance.now() > deadlineAtMs) return false;
      await pause(500);
    }
  }

  async #restart(): Promise<void> {
    const { histories, ingest, caches, alertings } = this.#deps.cluster;
    const services = [...histories, ingest, ...caches, ...alertings];
    for (const service of services) await service.kill();
    for (const service of services) await service.start();
  }
}
