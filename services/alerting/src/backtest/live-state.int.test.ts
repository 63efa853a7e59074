import { eventually } from '@odograph/testing/eventually';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { startAlerting } from '../cluster.fixture.ts';
import { EvaluationStore } from '../evaluate/evaluation-store.ts';
import { PartitionEvaluation } from '../evaluate/partition-evaluation.ts';
import { ruleIn } from '../rules/rule-of-document.ts';
import { backtestPartition } from './partition-backtest.ts';

const LOW = 'rule: low\nwhen: battery_level_pct < 20\nkeep_firing_for: 2s\nlateness: 2s\n';
/** A small number of seconds, in no order: half of the samples come late, some too late to wait for. */
const secondsAt = (at: number): number => at + ((at * 7) % 5) * ((at * 3) % 4);

test('the state of a live run is that of a backtest of the same log', async () => {
  const alerting = await startAlerting();
  const mongo = await MongoClient.connect(alerting.cluster.urls.mongo);
  try {
    await alerting.createRule(LOW);
    // A partition evaluates a rule from where its log says so, and a backtest from its start.
    const applied = () => Array.fromAsync(alerting.client.readLog({ types: ['RuleApplied'] }));
    await eventually(async () => expect(await applied()).toHaveLength(2));
    const startMs = Date.now() - 600_000;
    for (let at = 0; at < 60; at += 1) {
      const level = (at * 11) % 45;
      await alerting.report(`bus-${at % 4}`, startMs + secondsAt(at) * 1_000, { battery_level_pct: level });
    }
    await eventually(async () => {
      const told = Object.values(await alerting.logged()).flat();
      expect(told).toEqual(expect.arrayContaining(['AlertFired', 'AlertResolved']));
    });
    // It stores what it knows; the log goes on.
    await alerting.cluster.alertings[0]?.stop();
    await alerting.report('bus-1', startMs + 90_000, { battery_level_pct: 10 });
    await alerting.report('bus-2', startMs + 90_000, { battery_level_pct: 10 });
    const store = new EvaluationStore(mongo.db('odograph'));
    for (const partition of [0, 1]) {
      const { after, ...stored } = await store.load(partition);
      expect(stored.vehicles.size).toBeGreaterThan(0);
      const live = new PartitionEvaluation({ ...stored, compile: ruleIn });
      const upToThere = {
        readLog: alerting.client.readLog.bind(alerting.client),
        eventBatches: alerting.client.eventBatches.bind(alerting.client),
        vehicles: alerting.client.vehicles.bind(alerting.client),
        watermarks: async () => [{ partition, sequence: after }],
      };
      const asked = {
        documents: [LOW],
        fromMs: 1,
        toMs: Date.now() + 60_000,
        maxEvents: 1_000_000,
        withHashes: true,
      };
      const running = backtestPartition(upToThere, partition, asked);
      let step = await running.next();
      while (!step.done) step = await running.next();
      expect(step.value.hash).toBe(live.hash());
    }
  } finally {
    await mongo.close();
    await alerting.stop();
  }
});
