import type { Scenario } from '../round/stage.ts';

export const calm: Scenario = {
  name: 'calm',
  what: 'nothing happens: what the checker says of a platform that is left alone',
  run: (stage) => stage.wait(2_000),
};
