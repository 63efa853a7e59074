import { readFileSync } from 'node:fs';
import { isErrno } from '@odograph/engines/errno';
import { pause } from '@odograph/kernel/clock';
import type { Broken } from './verdict.ts';

const PAGES_IN_MIB = 256;
/** What a service may hold of the load afterwards: caches, the tail and the ledger, which their settings bound. */
const KEPT_MIB = 96;
const BACK_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 1_000;

/** What a service holds, in MiB. */
export interface Holder {
  readonly name: string;
  /** Without hostile clients. */
  readonly liveAtStart: number;
  /** Now. Rejects if the service is not up, or does not say it. */
  liveMib(): Promise<number>;
}

/** Waits until services hold hardly more than at the start. The rules that are broken if they do not. */
export async function untilBack(holders: readonly Holder[]): Promise<readonly Broken[]> {
  const deadlineAtMs = performance.now() + BACK_WITHIN_MS;
  for (;;) {
    const notBack: Broken[] = [];
    for (const holder of holders) notBack.push(...(await judgeBack(holder)));
    if (notBack.length === 0 || performance.now() > deadlineAtMs) return notBack;
    await pause(ASK_AGAIN_MS);
  }
}

/** A service that does not say what it holds breaks the rule too, and the rest of the verdict must not be lost. */
async function judgeBack({ name, liveAtStart, liveMib }: Holder): Promise<readonly Broken[]> {
  const rule = `memory comes back within ${BACK_WITHIN_MS / 1_000} s, ${name}`;
  return await liveMib().then(
    (mib) => judgeMemory(mib, liveAtStart + KEPT_MIB, rule),
    (error: unknown) => [{ rule, detail: String(error) }],
  );
}

export function judgeMemory(mib: number, allowedMib: number, rule: string): readonly Broken[] {
  if (mib <= allowedMib) return [];
  return [{ rule, detail: `${mib.toFixed(0)} MiB, allowed ${allowedMib.toFixed(0)} MiB` }];
}

/** The second field of `/proc/<pid>/statm` (proc(5)), in pages of 4 KiB. 0 for a process that is not up. */
export function residentMib(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / PAGES_IN_MIB;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return 0;
    throw error;
  }
}
