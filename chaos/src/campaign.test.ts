import { expect, test } from 'vitest';
import { drawRounds } from './campaign.ts';
import type { Scenario } from './round/round.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';

const named = (name: string, weight?: number): Scenario => ({
  ...{ name, description: '', run: () => Promise.resolve() },
  ...(weight !== undefined && { weight }),
});

const linesOf = (scenarios: readonly Scenario[], count: number, seed: number) =>
  drawRounds(scenarios, count, seed).map((round) => `${round.scenario.name} ${round.seed}`);

test('the same seed draws the same rounds, and another seed others', () => {
  expect(linesOf(SCENARIOS, 100, 5)).toEqual(linesOf(SCENARIOS, 100, 5));
  expect(linesOf(SCENARIOS, 100, 5)).not.toEqual(linesOf(SCENARIOS, 100, 6));
});

test('a longer campaign starts with the rounds of a shorter one', () => {
  expect(linesOf(SCENARIOS, 200, 5).slice(0, 70)).toEqual(linesOf(SCENARIOS, 70, 5));
});

test('every scenario is drawn once before any is drawn again', () => {
  const rounds = drawRounds(SCENARIOS, SCENARIOS.length, 5);
  expect(rounds.map(({ scenario }) => scenario)).toEqual(SCENARIOS);
});

test('later rounds are drawn by weight', () => {
  const scenarios = [named('often', 9), named('seldom'), named('never', 0)];
  const drawn = drawRounds(scenarios, 1_003, 5).slice(3);
  const count = (name: string) => drawn.filter(({ scenario }) => scenario.name === name).length;
  expect(count('often')).toBeGreaterThan(850);
  expect(count('seldom')).toBeGreaterThan(50);
  expect(count('never')).toBe(0);
});

test('each round has its own seed', () => {
  expect(new Set(drawRounds(SCENARIOS, 500, 5).map(({ seed }) => seed)).size).toBe(500);
});

test('each scenario has its own name', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});
