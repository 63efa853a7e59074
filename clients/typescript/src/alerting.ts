import {
  type Alert,
  type AlertFilter,
  type AlertPage,
  type AlertWithHistory,
  alertOf,
  entryOf,
  filterToWire,
  type Silence,
  type SilencePage,
  type SilencePreview,
  type SilenceTerms,
  silenceOf,
  termsToWire,
  type WatchedAlerts,
} from './alert.ts';
import { type CallOptions, type Channel, callServerStream, callUnary, type Method } from './call.ts';
import { endlessStream } from './endless-stream.ts';
import { Fault } from './fault.ts';
import {
  type AlertRulesBacktestResponse,
  type AlertRulesCheckResponse,
  type AlertRulesListResponse,
  AlertRulesService,
  type Rule,
  type RuleChange,
} from './generated/odograph/alerting/v1/alert_rules.ts';
import { type AlertsDescribeResponse, AlertsService } from './generated/odograph/alerting/v1/alerts.ts';
import {
  type DeadLetter,
  type DeadLettersListResponse,
  type DeadLettersReplayResponse,
  DeadLettersService,
} from './generated/odograph/alerting/v1/dead_letters.ts';
import { SilencesService } from './generated/odograph/alerting/v1/silences.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import { everyPage, type PageStart } from './history.ts';
import { type DecisionAnswer, type DecisionOptions, decide } from './registry.ts';
import { type RetryOptions, withRetries } from './retry.ts';

export interface ListOptions extends RetryOptions {
  /** Items in a page, 1 to 1,000. Default: 1,000 for all pages, 50 for one. */
  readonly pageSize?: number | undefined;
}

export interface AlertsOptions extends ListOptions, AlertFilter {
  /** Waits until the answer has these positions, one a partition, such as those of reports. */
  readonly atLeast?: readonly Position[] | undefined;
}

export interface WatchAlertsOptions extends AlertFilter, Pick<CallOptions, 'signal' | 'traceparent'> {
  /** Called when the stream broke; it is opened again after `retryInMs` milliseconds, and then begins again. */
  readonly onDisconnect?: ((fault: Fault, retryInMs: number) => void) | undefined;
}

/** Who decides, and why. */
interface Reason {
  /** Who, 1 to 100 characters. There are no identities yet, so callers say it themselves. */
  readonly by: string;
  /** Why, at most 1,000 characters. Default: nothing. */
  readonly note?: string | undefined;
}

export interface AcknowledgeOptions extends RetryOptions, Reason {}
export interface RuleDecisionOptions extends DecisionOptions, Reason {}
export type CreateRuleOptions = Omit<RuleDecisionOptions, 'expectedVersion'>;
export interface SetSilenceOptions extends DecisionOptions, Pick<Reason, 'by'> {
  /** Why, at most 1,000 characters. Default: nothing. */
  readonly comment?: string | undefined;
}
export type EndSilenceOptions = Omit<DecisionOptions, 'expectedVersion'> & Pick<Reason, 'by'>;

export interface SilencesOptions extends ListOptions {
  /** Also those that are over. */
  readonly withEnded?: boolean | undefined;
}

export interface BacktestOptions extends Pick<CallOptions, 'deadlineMs' | 'signal' | 'traceparent'> {
  /** The time in which alerts count, by the clock of the platform: Unix time in milliseconds, the end exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Another revision of the rule, in YAML, to compare with. Default: none. */
  readonly otherDocument?: string | undefined;
  /** At most this many events are read, up to 100,000,000. Default: 10,000,000. */
  readonly maxEvents?: number | undefined;
  /** Also the hashes of the states at the end, which take some time. Default: false. */
  readonly withStateHashes?: boolean | undefined;
}

export interface DeadLettersOptions extends RetryOptions {
  /** Only those of this receiver. Default: all. */
  readonly receiver?: string | undefined;
  /** Items in a page, 1 to 100. Default: 100 for all pages, 50 for one. */
  readonly pageSize?: number | undefined;
}

/** Some dead letters by their ids, at most 100, or the newest 100 of a receiver. */
export type Replayed = { readonly ids: readonly string[] } | { readonly receiver: string };

/** How the client that this belongs to makes calls. */
interface AlertingDeps {
  readonly channel: () => Channel;
  /** The attempts that its settings allow. */
  readonly maxAttempts: number | undefined;
}

/**
 * Alerts, their rules and silences. Every method throws a Fault: INVALID_INPUT with the wrong fields, and what is named at the
 * method. A call with one answer is retried as those of the client are. A decision, about a rule or a silence, keeps its
 * id over all attempts, so it is retried after DEADLINE too; it also throws VERSION_CONFLICT if another came first.
 */
export class Alerting {
  readonly #deps: AlertingDeps;

  constructor(deps: AlertingDeps) {
    this.#deps = deps;
  }

  /** The alerts, by when they began, the newest first. The deadline is that of each page. */
  async *alerts(options: AlertsOptions = {}): AsyncGenerator<Alert, void, undefined> {
    const pages = everyPage((pageToken, pageSize) => this.alertPage({ pageSize, ...options, pageToken }));
    for await (const { alerts } of pages) yield* alerts;
  }

  /** One page of the alerts. */
  async alertPage(options: AlertsOptions & PageStart = {}): Promise<AlertPage> {
    const { atLeast = [], pageSize = 0, pageToken = '' } = options;
    const request = { filter: filterOf(options), pageSize, pageToken, atLeast: [...atLeast] };
    const { alerts, nextPageToken } = await this.#ask(AlertsService.list, request, options);
    return { alerts: alerts.map(alertOf), nextPageToken };
  }

  /** One alert with its history and its notices to receivers. Throws NOT_FOUND if there is none with this id. */
  async alert(alertId: string, options: RetryOptions = {}): Promise<AlertWithHistory> {
    const { alert, history, notices } = await this.#ask(AlertsService.get, { alertId }, options);
    return {
      alert: alertOf(sent(alert, 'an alert without its content')),
      history: history.map(entryOf),
      notices,
    };
  }

  /**
   * First the alerts that are going on and meet the conditions, then each change, until the signal is aborted. `states` chooses
   * only what it begins with. One that is read slowly gives the newest state of an alert, not each one between. After a
   * disconnect, or if it was far too slow, it begins again: an alert that ended in between is not sent, and is missing when it
   * has caught up.
   */
  async *watchAlerts(options: WatchAlertsOptions = {}): AsyncGenerator<WatchedAlerts, void, undefined> {
    const filter = filterOf(options);
    const messages = endlessStream(this.#deps.channel(), AlertsService.watch, () => ({ filter }), options);
    for await (const { alerts, leftAlertIds: leftIds, isCaughtUp, beginsAgain } of messages)
      yield { alerts: alerts.map(alertOf), leftIds, isCaughtUp, beginsAgain };
  }

  /**
   * Says that a person takes care of an alert; the first one counts, and each is in its history. It is not retried after
   * DEADLINE, when it may be made or not. Throws NOT_FOUND if there is none with this id, RULE_VIOLATED if it is over.
   */
  async acknowledge(
    alertId: string,
    { by, note = '', ...options }: AcknowledgeOptions,
  ): Promise<{ readonly alert: Alert; readonly position: Position }> {
    const request = { alertId, by, note };
    const { alert, position } = await this.#ask(AlertsService.acknowledge, request, options);
    return {
      alert: alertOf(sent(alert, 'an alert without its content')),
      position: sent(position, 'an acknowledgement without its position'),
    };
  }

  /** How far each partition of the log is evaluated, and how many alerts are going on. */
  async describe(options: RetryOptions = {}): Promise<AlertsDescribeResponse> {
    return await this.#ask(AlertsService.describe, {}, options);
  }

  /** The rules, by name. The deadline is that of each page. */
  async *rules(options: ListOptions = {}): AsyncGenerator<Rule, void, undefined> {
    const pages = everyPage((pageToken, pageSize) => this.rulePage({ pageSize, ...options, pageToken }));
    for await (const { rules } of pages) yield* rules;
  }

  /** One page of the rules. */
  async rulePage(options: ListOptions & PageStart = {}): Promise<AlertRulesListResponse> {
    const { pageSize = 0, pageToken = '' } = options;
    return await this.#ask(AlertRulesService.list, { pageSize, pageToken }, options);
  }

  /** One rule. Throws NOT_FOUND if there is none of this name. */
  async rule(rule: string, options: RetryOptions = {}): Promise<Rule> {
    return sent(
      (await this.#ask(AlertRulesService.get, { rule }, options)).rule,
      'a rule without its content',
    );
  }

  /** The last 200 decisions about a rule, the newest first. Throws NOT_FOUND if there is none of this name. */
  async ruleHistory(rule: string, options: RetryOptions = {}): Promise<readonly RuleChange[]> {
    return (await this.#ask(AlertRulesService.history, { rule }, options)).changes;
  }

  /** What is wrong with one or more documents, each behind a line of `---`. It saves nothing, and throws nothing for mistakes. */
  async checkRules(documents: string, options: RetryOptions = {}): Promise<AlertRulesCheckResponse> {
    return await this.#ask(AlertRulesService.check, { documents }, options);
  }

  /** Creates the rule in a document in YAML; it is enabled. Throws RULE_VIOLATED if there is one of its name. */
  async createRule(document: string, options: CreateRuleOptions): Promise<DecisionAnswer> {
    return await this.#decide(AlertRulesService.create, { document, ...reasonOf(options) }, options);
  }

  /**
   * Gives the rule that a document names a new revision. Throws NOT_FOUND if there is none of its name, RULE_VIOLATED if it is
   * written like that already.
   */
  async reviseRule(document: string, options: RuleDecisionOptions): Promise<DecisionAnswer> {
    return await this.#decide(AlertRulesService.revise, { document, ...reasonOf(options) }, options);
  }

  /** Evaluates a rule again. Throws NOT_FOUND if there is none of this name, RULE_VIOLATED if it is enabled. */
  async enableRule(rule: string, options: RuleDecisionOptions): Promise<DecisionAnswer> {
    return await this.#decide(AlertRulesService.enable, { rule, ...reasonOf(options) }, options);
  }

  /** Evaluates a rule no longer; its alerts end. Throws NOT_FOUND if there is none of this name, RULE_VIOLATED if it is disabled. */
  async disableRule(rule: string, options: RuleDecisionOptions): Promise<DecisionAnswer> {
    return await this.#decide(AlertRulesService.disable, { rule, ...reasonOf(options) }, options);
  }

  /** Sets a silence, or changes the one that has this id. */
  async setSilence(
    silenceId: string,
    terms: SilenceTerms,
    { by, comment = '', ...options }: SetSilenceOptions,
  ): Promise<DecisionAnswer> {
    const request = { silenceId, terms: termsToWire(terms), by, comment };
    return await this.#decide(SilencesService.set, request, options);
  }

  /** Ends a silence before its time. Throws NOT_FOUND if there is none with this id, RULE_VIOLATED if it was ended. */
  async endSilence(silenceId: string, { by, ...options }: EndSilenceOptions): Promise<DecisionAnswer> {
    return await this.#decide(SilencesService.end, { silenceId, by }, options);
  }

  /** The silences, by id. The deadline is that of each page. */
  async *silences(options: SilencesOptions = {}): AsyncGenerator<Silence, void, undefined> {
    const pages = everyPage((pageToken, pageSize) => this.silencePage({ pageSize, ...options, pageToken }));
    for await (const { silences } of pages) yield* silences;
  }

  /** One page of the silences. */
  async silencePage(options: SilencesOptions & PageStart = {}): Promise<SilencePage> {
    const { withEnded = false, pageSize = 0, pageToken = '' } = options;
    const request = { withEnded, pageSize, pageToken };
    const { silences, nextPageToken } = await this.#ask(SilencesService.list, request, options);
    return { silences: silences.map(silenceOf), nextPageToken };
  }

  /** The alerts that began in a time and that a silence would have been for, without setting one. */
  async previewSilence(terms: SilenceTerms, options: RetryOptions = {}): Promise<SilencePreview> {
    const request = { terms: termsToWire(terms) };
    const { alerts, count } = await this.#ask(SilencesService.preview, request, options);
    return { alerts: alerts.map(alertOf), count };
  }

  /**
   * What a rule, which need not be created, would have done in a part of the log: how far it is, and at last the `result`. It
   * is not retried. Throws TOO_LARGE if the part has more events than are allowed, OVERLOADED if others run, and the reason
   * of the signal.
   */
  async *backtest(
    document: string,
    { fromMs, toMs, otherDocument = '', maxEvents = 0, withStateHashes = false, ...options }: BacktestOptions,
  ): AsyncGenerator<AlertRulesBacktestResponse, void, undefined> {
    const request = { document, otherDocument, fromMs, toMs, maxEvents, withStateHashes };
    yield* callServerStream(this.#deps.channel(), AlertRulesService.backtest, request, options);
  }

  /** What did not reach its receiver and is not tried any more, the newest first. The deadline is that of each page. */
  async *deadLetters(options: DeadLettersOptions = {}): AsyncGenerator<DeadLetter, void, undefined> {
    const pages = everyPage((pageToken) =>
      this.deadLetterPage({ pageSize: MAX_DEAD_LETTERS, ...options, pageToken }),
    );
    for await (const { deadLetters } of pages) yield* deadLetters;
  }

  /** One page of the dead letters. */
  async deadLetterPage(options: DeadLettersOptions & PageStart = {}): Promise<DeadLettersListResponse> {
    const { receiver = '', pageSize = 0, pageToken = '' } = options;
    return await this.#ask(DeadLettersService.list, { receiver, pageSize, pageToken }, options);
  }

  /** Sends dead letters again, and what follows them after them. It enables their receivers. */
  async replayDeadLetters(which: Replayed, options: RetryOptions = {}): Promise<DeadLettersReplayResponse> {
    const request = {
      ids: 'ids' in which ? [...which.ids] : [],
      receiver: 'ids' in which ? '' : which.receiver,
    };
    return await this.#ask(DeadLettersService.replay, request, options);
  }

  async #ask<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: RetryOptions,
  ): Promise<Response> {
    const channel = this.#deps.channel();
    const attempt = (callOptions: CallOptions) => callUnary(channel, method, request, callOptions);
    return await withRetries(attempt, this.#withDefaults(options));
  }

  async #decide<Request extends object>(
    method: Parameters<typeof decide<Request>>[1],
    content: Request,
    options: DecisionOptions,
  ): Promise<DecisionAnswer> {
    return await decide(this.#deps.channel(), method, content, this.#withDefaults(options));
  }

  #withDefaults<Options extends RetryOptions>(options: Options): Options {
    return { maxAttempts: this.#deps.maxAttempts, ...options };
  }
}

const MAX_DEAD_LETTERS = 100;

const reasonOf = ({ by, note = '' }: Reason) => ({ by, note });

function filterOf({ states, rules, vehicles, fleets, severities, ...others }: AlertFilter) {
  const { fromMs, toMs, isAcknowledged } = others;
  return filterToWire({ states, rules, vehicles, fleets, severities, fromMs, toMs, isAcknowledged });
}

function sent<Content>(content: Content | undefined, what: string): Content {
  if (content !== undefined) return content;
  throw new Fault('INTERNAL', `the server sent ${what}`);
}
