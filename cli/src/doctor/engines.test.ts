import { expect, test } from 'vitest';
import { checkAnswer } from './engines.ts';

test('of an engine that only its driver can look for, the reason of the driver is passed on', () => {
  const url = 'mongodb+srv://me:***@db.example/?appName=a';
  const reason = 'querySrv ENOTFOUND _mongodb._tcp.db.example';
  expect(checkAnswer({ kind: 'mongo', url, pid: undefined }, { state: 'unreachable', reason })).toEqual({
    ...{ check: 'MongoDB', status: 'fail' },
    message: `cannot be reached at db.example: ${reason}`,
    remedy: 'start it, or correct ODO_MONGO_URL',
  });
});
