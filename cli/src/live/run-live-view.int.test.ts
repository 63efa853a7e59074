import { describe, expect, it, vi } from 'vitest';
import { historyServices } from '../history.fixture.ts';
import { startDoor } from '../sending/door.fixture.ts';
import { runLiveView } from './run-live-view.ts';

describe('the live view', () => {
  it('lets a simulated fleet report through the door until its signal, also where that and history were away at first', async () => {
    const callOff = new AbortController();
    const [absent, absentHistory] = await Promise.all([startDoor(), startDoor()]);
    await Promise.all([absent.stop(), absentHistory.stop()]);
    const notes = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const endpoints = { ingest: absent.endpoint, history: absentHistory.endpoint };
    const viewing = runLiveView({ endpoints, fleet: true, signal: callOff.signal });
    const answers = historyServices({ samples: [], reads: [], subscriptions: [] });
    const history = await startDoor({ port: Number(absentHistory.endpoint.split(':')[1]) }, answers);
    const door = await startDoor({ port: Number(absent.endpoint.split(':')[1]) });
    await vi.waitFor(() => expect(door.batches.flat().length).toBeGreaterThan(10), { timeout: 10_000 });
    callOff.abort();
    await viewing;
    notes.mockRestore();
    await Promise.all([door.stop(), history.stop()]);
    const [report] = door.batches.flat();
    expect(report).toMatchObject({ vehicleId: expect.stringMatching(/^sim-\d{3}$/), samples: [{}] });
  }, 20_000);
});
