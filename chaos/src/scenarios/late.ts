import type { PointName } from '../links/points.ts';
import type { Scenario } from '../round/stage.ts';
import { type Fate, strike } from './points.ts';

// What an owner had sent before it fell asleep comes once its successor has gone on.

const comesLate: Fate = async (stage, { service }) => {
  service.pause();
  await stage.wait(stage.random.between(2_500, 4_500));
  service.resume();
  return 'pass';
};

const late = (name: PointName): Scenario => ({
  name: `late: ${name}`,
  what: `an owner sleeps at the point "${name}", and its message comes once another has taken over`,
  weight: 0.5,
  histories: 2,
  // So that the successor has stored something by then.
  env: { ODO_HISTORY_FLUSH_MS: '100' },
  async run(stage) {
    for (let count = 2; count > 0; count -= 1) {
      await strike(stage, name, comesLate);
      await stage.wait(stage.random.between(300, 1_500));
    }
  },
});

export const lateMessages: readonly Scenario[] = (
  ['insert sent', 'watermark sent', 'broadcast', 'flush sent', 'checkpoint sent'] as const
).map(late);
