import { describe, expect, it } from 'vitest';
import { checkRestarts, notUpYet } from './up.ts';

describe('the doctor, on up.log,', () => {
  it('warns of a process that is restarted again and again, although it serves just now', () => {
    const nowMs = Date.parse('2026-11-28T23:10:00Z');
    const end = (minute: number, name: string) => {
      const message = `${name} ended with exit code 1: restarting it in 0.2 s`;
      return { at: `2026-11-28T23:0${minute}:30.000Z`, message };
    };
    expect([...checkRestarts([end(1, 'history'), end(3, 'history')], nowMs)]).toEqual([]);
    const three = [end(1, 'history'), end(3, 'history'), end(3, 'ingest'), end(5, 'history')];
    expect([...checkRestarts(three, nowMs)]).toMatchObject([
      {
        ...{ check: 'history', status: 'warn' },
        message:
          '3 restarts within 10 minutes, last at 2026-11-28T23:05:30.000Z: history ended with exit code 1',
      },
    ]);
  });

  it('counts the ends of an engine together, by whatever name up.log has them', () => {
    const at = '2026-11-28T23:05:30.000Z';
    const killed = 'mongo was killed by SIGKILL';
    const failed = 'MongoDB ended while it was starting: F: No space left on device';
    const log = [killed, failed, failed].map((how) => ({ at, message: `${how}: restarting it in 0.1 s` }));
    expect([...checkRestarts(log, Date.parse(at))]).toMatchObject([
      { check: 'MongoDB', message: `3 restarts within 10 minutes, last at ${at}: ${failed}` },
    ]);
    expect(notUpYet('MongoDB', log)).toMatchObject({
      ...{ check: 'MongoDB', status: 'fail' },
      message: `is not up yet; at ${at}: ${failed}`,
    });
    expect(notUpYet('NATS', log).message).toBe('is not up yet');
  });
});
