import { startScriptedIngest } from '@odograph/client/ingest.fixture';
import { describe, expect, it, vi } from 'vitest';
import { startHistory } from '../history.fixture.ts';
import { runLiveView } from './live-view.ts';

describe('the live view', () => {
  it('lets simulated vehicles report until its signal, also if ingest and history are away at first', async () => {
    const [absentIngest, absentHistory] = await Promise.all([startScriptedIngest(), startHistory()]);
    absentIngest.kill();
    await absentHistory.stop();
    const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const leaving = new AbortController();
    const endpoints = { ingest: absentIngest.endpoint, history: absentHistory.endpoint };
    const viewing = runLiveView({ endpoints, fleet: true, signal: leaving.signal });
    await vi.waitFor(() => expect(printed).toHaveBeenCalledWith(expect.stringContaining('cannot reach')));
    const history = await startHistory(absentHistory.port);
    const ingest = await startScriptedIngest({ port: absentIngest.port });
    await vi.waitFor(() => expect(ingest.batches.flat().length).toBeGreaterThan(10), { timeout: 10_000 });
    leaving.abort();
    await viewing;
    printed.mockRestore();
    ingest.kill();
    await history.stop();
    const [report] = ingest.batches.flat();
    expect(report).toMatchObject({ vehicleId: expect.stringMatching(/^sim-\d{3}$/), samples: [{}] });
  }, 20_000);
});
