import type { Alert, WatchedAlerts } from '@odograph/client/alert';
import { describe, expect, it } from 'vitest';
import { SeenAlerts } from './seen-alerts.ts';

const alert = (id: string, state: Alert['state'] = 'firing') => ({ id, state }) as Alert;
const message = (alerts: readonly Alert[], more: Partial<WatchedAlerts> = {}): WatchedAlerts => ({
  ...{ alerts, leftIds: [], isCaughtUp: false, beginsAgain: false, ...more },
});

describe('the alerts that were shown', () => {
  it('are shown again only if they have changed', () => {
    const seen = new SeenAlerts();
    const [a, b] = [alert('a'), alert('b')];
    expect(seen.take(message([a, b], { beginsAgain: true })).changed).toEqual([a, b]);
    expect(seen.take(message([], { isCaughtUp: true }))).toEqual({ changed: [], missingIds: [] });
    expect(seen.take(message([a, alert('b', 'recovering')])).changed).toEqual([alert('b', 'recovering')]);
    expect(seen.take(message([a, b], { beginsAgain: true })).changed).toEqual([b]);
  });

  it('are missing if they do not come again after a disconnect, once', () => {
    const seen = new SeenAlerts();
    seen.take(message([alert('a'), alert('b'), alert('c')], { beginsAgain: true, isCaughtUp: true }));
    seen.take(message([alert('c', 'resolved')]));
    expect(seen.take(message([alert('a')], { beginsAgain: true })).missingIds).toEqual([]);
    expect(seen.take(message([], { isCaughtUp: true })).missingIds).toEqual(['b']);
    expect(seen.take(message([], { isCaughtUp: true })).missingIds).toEqual([]);
  });

  it('are missing if they are not among those that are watched any more, once', () => {
    const seen = new SeenAlerts();
    seen.take(message([alert('a'), alert('b')], { beginsAgain: true, isCaughtUp: true }));
    expect(seen.take(message([], { leftIds: ['a', 'never shown'] })).missingIds).toEqual(['a']);
    expect(seen.take(message([], { leftIds: ['a'] })).missingIds).toEqual([]);
  });

  it('are waited for over several disconnects', () => {
    const seen = new SeenAlerts();
    seen.take(message([alert('a'), alert('b')], { beginsAgain: true, isCaughtUp: true }));
    // It broke again before it had caught up.
    seen.take(message([alert('a')], { beginsAgain: true }));
    expect(seen.take(message([], { beginsAgain: true, isCaughtUp: true })).missingIds).toEqual(['a', 'b']);
  });
});
