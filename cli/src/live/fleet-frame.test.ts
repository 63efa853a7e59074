import { describe, expect, it } from 'vitest';
import { NOW_MS, statusOf } from './fleet.fixture.ts';
import { fleetFrame, rowsOf, stateOf, summaryOf } from './fleet-frame.ts';

const DAY_MS = 86_400_000;
const SIZE = { columns: 120, rows: 40 };

describe('the live view', () => {
  it.each([
    [{ speed_kmh: 50, engine_running: true }, {}, 'driving'],
    [{ speed_kmh: 0, engine_running: true }, {}, 'idling'],
    [{ speed_kmh: 0, charging: true }, {}, 'charging'],
    [{ speed_kmh: 0, engine_running: false }, {}, 'standing'],
    [{}, {}, 'no data'],
    [{ speed_kmh: 50, engine_running: true }, { ageMs: 600_000 }, 'silent'],
    [{ speed_kmh: 50, engine_running: true }, { lagMs: DAY_MS }, 'late'],
    [{ speed_kmh: 50, engine_running: true }, { lagMs: -DAY_MS }, 'driving'],
  ] as const)('reads %j, heard %j, as %s', (values, times, state) => {
    expect(stateOf(statusOf('v', values, times), NOW_MS)).toBe(state);
  });

  const electric = { speed_kmh: 42.4, battery_level_pct: 80, latitude_deg: 48.1, longitude_deg: 11.5 };
  const statuses = [
    statusOf('ev-1', electric),
    ...Array.from({ length: 9 }, (_, at) => statusOf(`bus-${at}`, { speed_kmh: 0 })),
  ];
  const moment = { nowMs: NOW_MS, statuses, modelOf: () => 'Volta', taken: 1_234 };

  it('shows a fleet in one line, with what is wrong', () => {
    expect(summaryOf(moment)).toBe('10 vehicles, 1 driving, 9 standing; 1,234 reports taken');
    expect(summaryOf({ ...moment, statuses: [], taken: undefined, trouble: 'history is away' })).toBe(
      'history is away',
    );
    expect(summaryOf({ ...moment, trouble: 'history is away' })).toMatch(
      /^10 vehicles, .*; history is away$/,
    );
  });

  it('breaks its first lines between words', () => {
    const frame = fleetFrame({ ...moment, trouble: 'history is away' }, [], { columns: 30, rows: 24 });
    expect(frame.slice(0, 4)).toEqual([
      '10 vehicles, 1 driving, 9',
      'standing; 1,234 reports taken',
      'history is away',
      '',
    ]);
  });

  it('has a line of its own for what is wrong', () => {
    const frame = fleetFrame({ ...moment, trouble: 'history is away' }, [], SIZE);
    expect(frame.slice(1, 3)).toEqual(['history is away', '']);
  });

  it('shows vehicles without values of now after all others', () => {
    const others = [
      statusOf('a', { speed_kmh: 1 }, { ageMs: DAY_MS }),
      statusOf('b', {}),
      statusOf('c', { speed_kmh: 1 }),
    ];
    const ids = fleetFrame({ ...moment, statuses: others }, [], SIZE)
      .slice(3)
      .map((line) => line.slice(0, 1));
    expect(ids).toEqual(['c', 'b', 'a']);
  });

  it('says when each vehicle was heard, also of one that is only registered', () => {
    const registered = { ...statusOf('car-1', {}), last_observed_at: null, last_received_at: null };
    const parked = statusOf('car-2', { speed_kmh: 0 }, { ageMs: 3 * DAY_MS });
    const frame = fleetFrame({ ...moment, statuses: [registered, parked] }, [], SIZE);
    expect(frame[3]).toMatch(/^car-1 .* silent .* never$/);
    expect(frame[4]).toMatch(/^car-2 .* silent .* 3 days ago$/);
  });

  it('counts no more vehicles than it has asked for', () => {
    expect(summaryOf({ ...moment, hasMore: true })).toMatch(/^the first 10 vehicles, /);
  });

  it('shows one line for each vehicle, up to the height of the terminal', () => {
    const frame = fleetFrame(moment, [], SIZE);
    expect(frame[3]).toMatch(/^ev-1 +Volta +driving +42 km\/h +80 % +48\.10000, 11\.50000 +1 s ago$/);
    expect(frame[2]).toContain('location');
    expect(frame).toHaveLength(13);
    const cut = fleetFrame(moment, [], { ...SIZE, rows: 8 });
    expect(cut).toHaveLength(8);
    expect(cut.at(-1)).toBe('and 6 more');
  });

  it('leaves out columns that do not fit, but never the vehicle, its state and when it was heard', () => {
    const modelOf = () => 'Volta Transporter Long, electric';
    const frame = fleetFrame({ ...moment, modelOf }, [], { columns: 80, rows: 24 });
    expect(frame[2]).toMatch(/^vehicle +state +speed +battery +fuel +location +heard$/);
    const narrow = fleetFrame(moment, [], { columns: 30, rows: 24 });
    expect(narrow[narrow.indexOf('') + 1]).toMatch(/^vehicle +state +heard$/);
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(30);
  });

  it('keeps the lines of the foot whole, and counts the rows that they take', () => {
    const foot = ['', 'x'.repeat(81), 'y'.repeat(80)];
    const size = { columns: 80, rows: 12 };
    expect(rowsOf(foot, size)).toBe(4);
    const frame = fleetFrame(moment, foot, size);
    expect(frame.slice(-3)).toEqual(foot);
    expect(rowsOf(frame, size)).toBe(12);
    expect(frame).toContain('and 6 more');
  });

  it('is never higher than the terminal: the foot leaves a low one', () => {
    const foot = ['', 'addresses', 'hints'];
    const heights = Array.from({ length: 30 }, (_, at) => at + 5);
    for (const rows of heights)
      expect(fleetFrame(moment, foot, { columns: 80, rows }).length).toBeLessThanOrEqual(rows);
    const lastOf = (rows: number) => fleetFrame(moment, foot, { columns: 80, rows }).at(-1);
    expect([lastOf(7), lastOf(8)]).toEqual(['and 7 more', 'hints']);
  });

  it('lists vehicles of a replay after those of now, and silent ones last', () => {
    const some = [
      statusOf('silent-1', electric, { ageMs: DAY_MS }),
      statusOf('late-1', electric, { lagMs: DAY_MS }),
      statusOf('now-1', electric),
    ];
    const frame = fleetFrame({ ...moment, statuses: some }, [], SIZE);
    expect(frame.slice(3).map((line) => line.split(' ')[0])).toEqual(['now-1', 'late-1', 'silent-1']);
  });
});
