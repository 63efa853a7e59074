import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Round, Scenario } from '../round/round.ts';
import { ALERT_LIMIT_KMH } from '../verdict/check-alerts.ts';
import { shuffled } from './points.ts';

/** Alerts of each vehicle, many times in a round. */
const RULES = `rule: fast
when: speed_kmh > ${ALERT_LIMIT_KMH}
lateness: 0s
flapping: { alerts: 100, within: 1m }
---
rule: fast-for-long
when: speed_kmh > 50
for: 3s
lateness: 2s
flapping: { alerts: 100, within: 1m }
`;

export const alertingCrashes: Scenario = {
  name: 'alerting crashes',
  description:
    'two replicas of alerting are killed and paused in turns, and what they stand on is away for a moment: each alert is there once',
  weight: 2,
  alertings: 2,
  env: { ODO_ALERTING_LEASE_MS: '1500', ODO_ALERTING_STORE_MS: '300' },
  async prepare(dataDir) {
    const file = join(dataDir, 'rules.yaml');
    writeFileSync(file, RULES);
    return { env: { ODO_ALERTING_RULES_FILE: file } };
  },
  async run(round) {
    for (const fault of shuffled(
      [killed, asleep, bothKilled, withoutMongo, withoutHistory, killedUnheard, killedUnheard],
      round,
    )) {
      await fault(round);
      await round.heal();
      await round.wait(round.random.between(300, 1_500));
    }
  },
};

function oneOf({ cluster, random }: Round) {
  const { alertings } = cluster;
  return alertings[random.index(alertings.length)];
}

async function killed(round: Round): Promise<void> {
  await oneOf(round)?.kill();
  await round.wait(round.random.between(0, 2_500));
}

async function bothKilled(round: Round): Promise<void> {
  await Promise.all(round.cluster.alertings.map((each) => each.kill()));
  await round.wait(round.random.between(0, 500));
}

/** For longer than its lease: the other one takes over, and then there are two for a moment. */
async function asleep(round: Round): Promise<void> {
  const sleeping = oneOf(round);
  sleeping?.pause();
  await round.wait(round.random.between(1_000, 4_000));
}

async function withoutMongo(round: Round): Promise<void> {
  for (const { name } of round.cluster.alertings) await round.link(`${name as 'alerting-1'}→mongo`).hang();
  await round.wait(round.random.between(300, 2_000));
}

/** What they find does not reach the log, and they end before it does. */
async function killedUnheard(round: Round): Promise<void> {
  const { alertings } = round.cluster;
  for (const { name } of alertings) await round.link(`${name as 'alerting-1'}→nats`).hang();
  await round.wait(round.random.between(500, 1_500));
  await Promise.all(alertings.map((each) => each.kill()));
}

async function withoutHistory(round: Round): Promise<void> {
  for (const { name } of round.cluster.alertings)
    await round.link(`${name as 'alerting-1'}→history-1`).hang();
  await round.wait(round.random.between(300, 2_000));
}
