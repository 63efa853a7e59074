import { readFile } from 'node:fs/promises';
import { pause } from '@odograph/kernel/clock';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import { rulesIn } from '../rules/rule-of-document.ts';
import type { RuleStore } from '../views/partition-views.ts';
import type { Decisions } from './decisions.ts';
import { assertRoom, MAX_RULES } from './rule-room.ts';

/** The rules of a file, each with its own document. */
export interface RulesFile {
  readonly file: string;
  readonly rules: ReturnType<typeof rulesIn>;
}

/** Throws a Fault INVALID_INPUT that names the first mistake, or that there are too many rules. */
export async function readRulesFile(file: string): Promise<RulesFile> {
  const rules = rulesIn(await readFile(file, 'utf8'), file);
  if (rules.length <= MAX_RULES) return { file, rules };
  throw new Fault('INVALID_INPUT', `${file} has ${rules.length} rules, at most ${MAX_RULES} are allowed`);
}

interface CreatingDeps {
  readonly rules: Pick<RuleStore, 'list'>;
  readonly decisions: Pick<Decisions, 'rule'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const CREATE_WITHIN_MS = 30_000;
const BY = 'alerting';

/** Creates the rules that are not there. It is tried again until all are; what is refused is said in the log. */
export async function createRules({ file, rules }: RulesFile, deps: CreatingDeps): Promise<void> {
  const { logger, signal } = deps;
  const message = 'the rules of the file cannot be created yet';
  const trouble = new Trouble({ logger, message, fields: { file } });
  for (const { rule, document } of rules) {
    while (!signal.aborted) {
      try {
        await createRule(rule, { document, note: `from ${file}` }, deps);
        trouble.succeeded();
        break;
      } catch (error) {
        if (isFault(error, 'RULE_VIOLATED', 'INVALID_INPUT')) {
          logger.error({ rule, file, err: error }, 'a rule of the file was not created');
          break;
        }
        await pause(trouble.failed(error), signal);
      }
    }
  }
}

interface NewRule {
  readonly document: string;
  readonly note: string;
}

/** There may be one of this name, which people may have revised: then nothing is done. */
async function createRule(
  rule: string,
  { document, note }: NewRule,
  { rules, decisions, signal }: CreatingDeps,
): Promise<void> {
  const all = (await rules.list()).map(([name]) => name);
  if (all.includes(rule)) return;
  assertRoom(all, [rule]);
  const command = { type: 'CreateRule', document, by: BY, note } as const;
  const call = { deadlineAtMs: Date.now() + CREATE_WITHIN_MS, signal, traceparent: '' };
  const decisionId = `file ${rule}`.replaceAll(' ', '-');
  await decisions.rule(rule, { decisionId, command }, call).catch(async (error: unknown) => {
    // Another process was faster.
    const isThere = isFault(error, 'RULE_VIOLATED') && (await rules.list()).some(([name]) => name === rule);
    if (!isThere) throw error;
  });
}
