import { randomUUID } from 'node:crypto';
import { createClient } from '@odograph/client';
import type { NoticeInfo } from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import { createDecisionQuota } from '@odograph/decisions/decision-quota';
import { MAX_ENVELOPE_EVENTS } from '@odograph/event-log/envelope';
import { pause, systemClock } from '@odograph/kernel/clock';
import { isFinal } from '@odograph/kernel/fault';
import type { RuleEvent, SilenceEvent } from '@odograph/kernel/vehicle-event';
import { started } from '@odograph/platform/app/app';
import { compose } from '@odograph/platform/app/compose';
import { publisherPart } from '@odograph/platform/app/publisher-part';
import { grpcPart, metricsPart, mongoPart, natsPart } from '@odograph/platform/app/service-parts';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import packageJson from '../package.json' with { type: 'json' };
import { alertRulesService } from './api/alert-rules-service.ts';
import { alertsService } from './api/alerts-service.ts';
import { MAX_REQUEST_BYTES } from './api/checks.ts';
import { deadLettersService } from './api/dead-letters-service.ts';
import { silencesService } from './api/silences-service.ts';
import { BacktestThreads } from './backtest/backtest-threads.ts';
import { createAcknowledge } from './commands/acknowledge.ts';
import { decidedLog } from './commands/decided-log.ts';
import { createDecisions } from './commands/decisions.ts';
import { createRules, readRulesFile } from './commands/rules-file.ts';
import type { AlertingConfig } from './config.ts';
import { type RuleState, ruleDecider } from './domain/rule-decisions.ts';
import { type SilenceState, silenceDecider } from './domain/silence-decisions.ts';
import { EvaluationStore } from './evaluate/evaluation-store.ts';
import { PartitionWorker } from './evaluate/partition-worker.ts';
import { alertingInstruments, measureAlerting } from './metrics.ts';
import { channelsOf } from './notify/channels.ts';
import { Dispatcher } from './notify/dispatcher.ts';
import { OutboxNotices } from './notify/notice-store.ts';
import { Outbox } from './notify/outbox.ts';
import { addresseeOf, receiversOf } from './notify/receivers-file.ts';
import { Leases } from './own/leases.ts';
import { Ownership } from './own/ownership.ts';
import { ruleIn, textIn } from './rules/rule-of-document.ts';
import { AlertFeed } from './views/alert-feed.ts';
import { AlertStore } from './views/alert-store.ts';
import { DecidedStore } from './views/decided-store.ts';
import { AlertingViews } from './views/partition-views.ts';
import { Reached } from './views/reached.ts';
import { RuleDocuments } from './views/rule-documents.ts';

export const SERVICE_NAME = 'alerting';

/** Connections to MongoDB that stay open, and how long an operation waits for one, for a server, and for its answer. */
const MONGO = { minPool: 2, connectionMs: 2_000, serverMs: 5_000, answerMs: 12_000 };
/** What history may send before it is read. With 64 KiB, each few hundred events would wait for a turn of both processes. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Events of alerts are few, and are accepted where telemetry is refused. */
const PUBLISHER = { envelopeEvents: MAX_ENVELOPE_EVENTS, ackTimeoutMs: 5_000 };

/** The whole process: its connections, what evaluates the partitions, the views, and the API. */
export function alertingApp(config: AlertingConfig, logger: Logger) {
  const connections = connectionParts(config, logger);
  const views = viewParts(connections, logger);
  const evaluating = evaluationParts(notifyParts(views, config, logger), config, logger);
  return apiParts(evaluating, config, logger);
}

function connectionParts(config: AlertingConfig, logger: Logger) {
  const { maxPool, ...mongo } = config.mongo;
  return compose(SERVICE_NAME)
    .part('metrics', () => metricsPart(SERVICE_NAME, config.metrics))
    .part('nats', (_, signal) => natsPart({ ...config.nats, name: SERVICE_NAME, logger, signal }))
    .part('mongo', ({ metrics }) =>
      mongoPart(
        {
          ...{ ...mongo, name: SERVICE_NAME, serverWaitMs: MONGO.serverMs, answerWaitMs: MONGO.answerMs },
          pool: { min: MONGO.minPool, max: maxPool, waitMs: MONGO.connectionMs },
        },
        metrics.meter,
      ),
    )
    .part('publisher', ({ nats, metrics }) =>
      publisherPart({ nats, logger, meter: metrics.meter, publisher: PUBLISHER }),
    )
    .part('client', () => {
      const client = createClient({
        history: config.history,
        channelOptions: { 'grpc-node.flow_control_window': WINDOW_BYTES },
      });
      return started(client, { stop: () => client.close() });
    })
    .part('partitionCount', async ({ client }, signal) => {
      const trouble = new Trouble({ logger, message: 'history does not answer' });
      for (;;) {
        try {
          const partitions = await client.describeLog({ signal, maxAttempts: 1 });
          trouble.succeeded();
          return partitions.length;
        } catch (error) {
          if (signal.aborted || isFinal(error)) throw error;
          await pause(trouble.failed(error), signal);
        }
      }
    });
}

/** What is stored: alerts, rules and silences, each made of the log. */
function viewParts(app: ReturnType<typeof connectionParts>, logger: Logger) {
  return app
    .part('stores', async ({ mongo: { db } }) => {
      const stores = {
        alerts: new AlertStore(db),
        rules: new DecidedStore<RuleState, RuleEvent>(db, { collection: 'alerting_rules', ...ruleDecider }),
        silences: new DecidedStore<SilenceState, SilenceEvent>(db, {
          collection: 'alerting_silences',
          ...silenceDecider,
        }),
        documents: new RuleDocuments(db, textIn),
        evaluation: new EvaluationStore(db),
        reached: new Reached(db),
      };
      await Promise.all([stores.alerts.createIndexes(), stores.evaluation.createIndexes()]);
      return started(stores, {});
    })
    .part('feed', ({ mongo: { db } }) => {
      const trouble = new Trouble({ logger, message: 'the changes of alerts cannot be followed' });
      const feed = new AlertFeed({
        db,
        onTrouble: (error) => trouble.failed(error),
        onSuccess: () => trouble.succeeded(),
      });
      return started(feed, { start: () => feed.start(), stop: () => feed.stop() });
    });
}

/** What receivers are told, and how it gets to them. */
function notifyParts(app: ReturnType<typeof viewParts>, config: AlertingConfig, logger: Logger) {
  return app
    .part('receivers', () => receiversOf(config.receiversFile))
    .part('outbox', ({ mongo: { db } }) => Outbox.open(db, systemClock))
    .part('dispatcher', ({ outbox, receivers }) => {
      const dispatcher = new Dispatcher({
        ...{ outbox, clock: systemClock, random: { next: Math.random }, logger },
        receivers: channelsOf(receivers, { clock: systemClock, version: packageJson.version, logger }),
      });
      return started(dispatcher, {
        start: () => dispatcher.start(),
        stop: (leftMs) => dispatcher.stop(leftMs / 2),
      });
    });
}

/** The partitions that this process owns, and the rules that it evaluates there. */
function evaluationParts(app: ReturnType<typeof notifyParts>, config: AlertingConfig, logger: Logger) {
  const { instance, leaseTtlMs: ttlMs, storeEveryMs } = config;
  return app
    .part('instruments', ({ metrics }) => alertingInstruments(metrics.meter))
    .part('views', ({ stores, partitionCount, outbox, receivers, dispatcher }) => {
      const notices = new OutboxNotices(outbox, () => dispatcher.wake());
      return new AlertingViews({ ...stores, partitionCount, notices, receivers: receivers.map(addresseeOf) });
    })
    .part('leases', ({ mongo: { db } }) => new Leases(db, instance, ttlMs))
    .part('workers', () => new Map<number, PartitionWorker>())
    .part(
      'ownership',
      ({ leases, partitionCount, client, publisher, stores, views, workers, instruments }) => {
        const open = (partition: number) => {
          const troubles = {
            evaluating: new Trouble({
              logger,
              message: 'the log cannot be evaluated',
              fields: { partition },
            }),
            storing: new Trouble({ logger, message: 'vehicles cannot be stored', fields: { partition } }),
          };
          const appending = new Trouble({ logger, message: 'events of alerts wait', fields: { partition } });
          const worker = new PartitionWorker({
            ...{ partition, views, storeEveryMs, compile: ruleIn, store: stores.evaluation },
            follow: (after, signal) =>
              client.eventBatches({ partitions: [partition], after: [after], signal }),
            outgoing: {
              ...{ publisher, clock: systemClock },
              onTrouble: (error) => appending.failed(error),
              onSuccess: () => appending.succeeded(),
            },
            onTrouble: (what, error) => troubles[what].failed(error),
            onSuccess: (what) => troubles[what].succeeded(),
            onSkipped(position, err) {
              instruments.skipped();
              logger.warn({ position, err }, 'an event cannot be evaluated, and changes no alert');
            },
            onEvaluated: (events) => instruments.evaluated(events),
          });
          workers.set(partition, worker);
          return {
            async run(signal: AbortSignal) {
              await worker.run(signal);
              workers.delete(partition);
            },
          };
        };
        const trouble = new Trouble({ logger, message: 'the partitions cannot be shared' });
        const ownership = new Ownership({
          ...{ leases, partitionCount, ttlMs, open },
          onTrouble: (error) => void trouble.failed(error),
          onSuccess: () => trouble.succeeded(),
        });
        return started(ownership, { start: () => ownership.start(), stop: () => ownership.stop() });
      },
    );
}

function apiParts(app: ReturnType<typeof evaluationParts>, config: AlertingConfig, logger: Logger) {
  return app
    .part('commands', ({ stores, publisher, client, partitionCount }) => {
      const { rules, silences, reached, alerts } = stores;
      const reach = reached.wait.bind(reached);
      const clock = systemClock;
      return {
        reach,
        decisions: createDecisions({ rules, silences, publisher, log: decidedLog(client), reach, clock }),
        acknowledge: createAcknowledge({
          ...{ alerts, publisher, reach, partitionCount, clock, newId: randomUUID },
        }),
      };
    })
    .part('backtests', ({ partitionCount }) => {
      const { history } = config;
      const threads = new BacktestThreads({ history, windowBytes: WINDOW_BYTES, partitionCount });
      return started(threads, { stop: () => threads.stop() });
    })
    .part('quota', () =>
      createDecisionQuota({ decisionsPerSecond: config.decisionsPerSecond, clock: systemClock }),
    )
    .part('rulesFile', async ({ stores: { rules }, commands: { decisions } }, signal) => {
      if (config.rulesFile === '') return;
      const file = await readRulesFile(config.rulesFile);
      // It is not waited for, because the log may not be writable yet.
      const creating = createRules(file, { rules, decisions, logger, signal });
      creating.catch((err: unknown) => logger.error({ err }, 'the rules of the file were not created'));
    })
    .part(
      'grpc',
      ({
        metrics,
        mongo,
        backtests,
        leases,
        outbox,
        dispatcher,
        partitionCount,
        stores,
        feed,
        workers,
        commands,
        quota,
      }) => {
        measureAlerting(metrics.meter, {
          partitions: () =>
            Array.from(workers, ([partition, { vehicleCount, outgoingCount }]) => ({
              ...{ partition, vehicleCount, outgoingCount },
            })),
          watchCount: () => feed.watchCount,
        });
        const shared = { ...stores, ...commands, quota, partitionCount, owners: () => leases.owners() };
        return grpcPart({
          ...config.grpc,
          services: [
            alertRulesService({
              ...shared,
              backtest: (request, signal) => backtests.run(request, signal),
            }),
            alertsService({ ...shared, feed, maxWatches: config.maxWatches, noticesOf: noticesIn(outbox) }),
            silencesService(shared),
            deadLettersService({ outbox, onReplayed: () => dispatcher.wake() }),
          ],
          maxMessageBytes: MAX_REQUEST_BYTES,
          notReadyBecause: () => undefined,
          ...{ logger, meter: metrics.meter, toFault: mongo.asFault },
        });
      },
    );
}

/** The notices of an alert, as they are shown. */
function noticesIn(outbox: Outbox) {
  return async (alertId: string): Promise<readonly NoticeInfo[]> => {
    const tracked = await outbox.ofAlert(alertId);
    return tracked.map(({ notice: { receiver, kind, atMs }, state, reason = '' }) => {
      return { receiver, kind, state, reason, atMs };
    });
  };
}
