import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAlerting } from './alerting.fixture.ts';
import { jsonLines, runCli } from './cli.fixture.ts';

let alerting: Awaited<ReturnType<typeof startAlerting>>;

beforeAll(async () => {
  alerting = await startAlerting();
});
beforeEach(() => {
  for (const requests of Object.values(alerting.asked)) requests.length = 0;
});
afterAll(() => alerting.stop());

const people = (...args: string[]) => runCli(['deadletter', ...args, '--endpoint', alerting.endpoint]);
const cli = (...args: string[]) => people(...args, '--json');

describe('odograph deadletter', () => {
  it('list prints what did not reach its receiver, and why', async () => {
    const { code, stdout } = await people('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^n_1 +hook .* 3 +low-battery bus-1 firing, and 1 more +it answered 404$/m);
    expect(jsonLines((await cli('list', '--receiver', 'hook')).stdout)).toMatchObject([
      { id: 'n_1', attempts: 3, notices: [{ kind: 'firing', severity: 'warning' }, { kind: 'resolved' }] },
    ]);
    const none = await people('list', '--receiver', 'mail');
    expect([none.stdout, none.stderr]).toEqual(['', 'there are no dead letters\n']);
    expect(alerting.asked.letters.map(({ receiver }) => receiver)).toEqual(['', 'hook', 'mail']);
  });

  it('replay sends some again, or all of a receiver, and says which it does not have', async () => {
    const { code, stdout, stderr } = await people('replay', 'n_1', 'n_2');
    expect([code, stdout]).toEqual([3, '1 dead letter is sent again\n']);
    expect(stderr).toContain('unknown, or sent again already: n_2');
    const all = await cli('replay', '--all-of', 'hook');
    expect([all.code, jsonLines(all.stdout)]).toEqual([0, [{ replayed: ['n_1'], not_found: [] }]]);
    for (const args of [['replay'], ['replay', 'n_1', '--all-of', 'hook']]) {
      const refused = await people(...args);
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining('give ids of dead letters, or'),
      ]);
    }
    expect(alerting.asked.replays).toEqual([
      { ids: ['n_1', 'n_2'], receiver: '' },
      { ids: [], receiver: 'hook' },
    ]);
  });
});
