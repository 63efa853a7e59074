import type { Signals } from '@odograph/kernel/signal';
import { describe, expect, test } from 'vitest';
import type { Truth } from '../domain/condition.ts';
import { compileExpression, MAX_EXPRESSION_LENGTH } from './expression.ts';

function truthOf(text: string, latest: Signals): Truth {
  const result = compileExpression(text);
  if ('fault' in result) throw new Error(result.fault.description);
  return result.compiled.evaluate(null, { atMs: 0, latest, came: {}, silentMs: 0 });
}

function faultOf(text: string) {
  const result = compileExpression(text);
  return 'fault' in result ? result.fault : undefined;
}

const PATH = 'Vehicle.Service.DistanceToService';

describe('an expression', () => {
  test.each<[string, Signals, Truth]>([
    ['battery_level_pct < 20', { battery_level_pct: 19.9 }, true],
    ['battery_level_pct < 20', { battery_level_pct: 20 }, false],
    ['speed_kmh == 0', { speed_kmh: 0 }, true],
    ['speed_kmh + 1 > 10 * 2 - 4', { speed_kmh: 15.5 }, true],
    ['engine_running && !doors_locked', { engine_running: true, doors_locked: false }, true],
    [`${PATH} < 1000`, { [PATH]: 999 }, true],
    [`${PATH} < 1000 || ${PATH} == 5000 && charging`, { [PATH]: 5_000, charging: true }, true],
    ['Vehicle.Powertrain.Gear == "P"', { 'Vehicle.Powertrain.Gear': 'P' }, true],
    ['Vehicle.IsOpen', { 'Vehicle.IsOpen': true }, true],
    ['[0.0, 90.0].exists(edge, heading_deg == edge)', { heading_deg: 90 }, true],
  ])('%s of %o is %s', (text, latest, truth) => {
    expect(truthOf(text, latest)).toBe(truth);
  });

  test.each<[string, Signals, Truth]>([
    ['battery_level_pct < 20', {}, 'unknown'],
    // A fleet has vehicles with a battery and others with a tank.
    ['battery_level_pct < 20 || fuel_level_pct < 15', { fuel_level_pct: 10 }, true],
    ['battery_level_pct < 20 || fuel_level_pct < 15', { fuel_level_pct: 50 }, 'unknown'],
    ['battery_level_pct < 20 && fuel_level_pct < 15', { fuel_level_pct: 50 }, false],
    [`${PATH} < 1000`, { [PATH]: 'soon' }, 'error'],
    ['Vehicle.IsOpen', { 'Vehicle.IsOpen': 1 }, 'error'],
  ])('%s of %o is %s: what is missing decides only if it must', (text, latest, truth) => {
    expect(truthOf(text, latest)).toBe(truth);
  });

  test.each([
    [
      'batery_level_pct < 20',
      'UNKNOWN_NAME',
      'batery_level_pct is not a signal: did you mean battery_level_pct?',
      0,
      16,
    ],
    ['speed_kmh > 3 && foo', 'UNKNOWN_NAME', 'foo is not a signal: use a name of docs/signals.md', 17, 20],
    ['battery_level_pct <', 'SYNTAX', 'Unexpected token: EOF', 19, 19],
    ['speed_kmh = 2', 'SYNTAX', 'Unexpected character', 10, 11],
    ['speed_kmh', 'TYPE', 'is of type double, but must be true or false', 0, 9],
    ['1 < 2', 'TYPE', 'has no signal', 0, 5],
    ['engine_running > 3', 'TYPE', 'no such overload: bool > int', 0, 18],
    [`charging && ${PATH}.matches("a")`, 'REFUSED', 'matches is not allowed', 12, 58],
    ['Vehicle.1 > 3', 'SYNTAX', '', 0, 0],
    ['vss0 > 3.0', 'REFUSED', 'is a name that is used already', 0, 4],
    ['speed_kmh > now()', 'REFUSED', 'now is not allowed: an expression may call has, size', 12, 17],
  ])('that is wrong says what, and where: %s', (text, reason, description, start, end) => {
    const fault = faultOf(text);
    expect(fault).toMatchObject({ reason, description: expect.stringContaining(description) });
    if (end > 0) expect(fault?.at).toEqual({ start, end });
  });
});

describe('an expression of someone who means harm', () => {
  const list = `[${Array.from({ length: 32 }, (_, at) => `${at}.0`).join(',')}]`;
  const nested = (loops: number, body: string): string =>
    loops === 0 ? body : `${list}.all(x${loops}, ${nested(loops - 1, body)})`;

  test.each([
    ['a regular expression', 'Vehicle.Name.matches("(a+)+$")'],
    ['one in a loop', '["a"].exists(each, each.matches("(a+)+$")) && charging'],
    ['two long loops', nested(2, 'speed_kmh < 1e9')],
    ['a text in parts', `"${'a'.repeat(900)}".split("").size() > 3 && speed_kmh > 1`],
    ['a name for what doubles', 'cel.bind(a, [1.0, 2.0], a + a).size() > 1 && charging'],
    ['a list of lists', `${list}.map(x, ${list}).size() > 1 && charging`],
    ['a loop over a sum of lists', `(${list} + ${list}).all(x, x < speed_kmh)`],
    ['a loop over one of two lists', '(charging ? [1.0] : [2.0]).all(x, x < speed_kmh)'],
    ['a loop over the fields of a value', 'Vehicle.Fields.all(x, x < speed_kmh)'],
    ['a long list', `[${'0.0,'.repeat(100)}0.0].exists(x, x == speed_kmh)`],
    ['brackets', `${'('.repeat(200)}speed_kmh${')'.repeat(200)} > 1.0`],
    [
      'many parts',
      Array.from({ length: 60 }, () => 'speed_kmh>1')
        .join('||')
        .repeat(3),
    ],
    ['a long text', `speed_kmh > 1 || "${'a'.repeat(MAX_EXPRESSION_LENGTH)}" == ""`],
    ['a name of every object', 'constructor > 1'],
    ['another one', '__proto__ == 1'],
    ['one of a signal', 'Vehicle.constructor.name == "x" && speed_kmh.constructor == 1'],
  ])('is refused: %s', (_, text) => {
    expect(faultOf(text)).toBeDefined();
  });

  test.each([
    ['a long loop', nested(1, 'speed_kmh < x1 + 1e9')],
    ['two loops', '[1.0, 2.0].all(x, [3.0, 4.0].exists(y, x + y < speed_kmh))'],
    [
      'text upon text',
      `${Array.from({ length: 8 }, () => `"${'a'.repeat(80)}"`).join('+')} == "" || speed_kmh > 1`,
    ],
    ['a name of every object, as a field', 'Vehicle.constructor == "x"'],
  ])('says whether it holds, without an effect on others: %s', (_, text) => {
    expect([true, false, 'unknown', 'error']).toContain(truthOf(text, { speed_kmh: 2 }));
  });
});
