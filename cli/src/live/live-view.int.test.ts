import { startDoor } from '@odograph/client/door.fixture';
import { describe, expect, it, vi } from 'vitest';
import { startHistory } from '../history.fixture.ts';
import { runLiveView } from './live-view.ts';

describe('the live view', () => {
  it('lets simulated vehicles report until its signal, also if ingest and history are away at first', async () => {
    const [absentDoor, absentHistory] = await Promise.all([startDoor(), startHistory()]);
    absentDoor.kill();
    await absentHistory.stop();
    const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const leaving = new AbortController();
    const endpoints = { ingest: absentDoor.endpoint, history: absentHistory.endpoint };
    const viewing = runLiveView({ endpoints, fleet: true, signal: leaving.signal });
    await vi.waitFor(() => expect(printed).toHaveBeenCalledWith(expect.stringContaining('cannot reach')));
    const history = await startHistory(absentHistory.port);
    const door = await startDoor({ port: absentDoor.port });
    await vi.waitFor(() => expect(door.batches.flat().length).toBeGreaterThan(10), { timeout: 10_000 });
    leaving.abort();
    await viewing;
    printed.mockRestore();
    door.kill();
    await history.stop();
    const [report] = door.batches.flat();
    expect(report).toMatchObject({ vehicleId: expect.stringMatching(/^sim-\d{3}$/), samples: [{}] });
  }, 20_000);
});
