import type { Alert, WatchedAlerts } from '@odograph/client/alert';
import { OPEN_STATES } from '@odograph/client/alert-words';

/** What a message of a watch brings. */
interface News {
  readonly changed: readonly Alert[];
  /** Alerts that were shown and are not sent any more: what they are now must be asked. */
  readonly missingIds: readonly string[];
}

/** The alerts that go on and were shown: what a watch sends again after a disconnect is shown only if it has changed. */
export class SeenAlerts {
  /** By id, with their content. */
  readonly #open = new Map<string, string>();
  /** Those that have not come again yet. Undefined while the watch goes on. */
  #awaited: Set<string> | undefined;

  /** The news of a message. */
  take({ alerts, leftIds, isCaughtUp, beginsAgain }: WatchedAlerts): News {
    if (beginsAgain) this.#awaited = new Set(this.#open.keys());
    const changed = alerts.filter((alert) => this.#isNew(alert));
    for (const { id } of alerts) this.#awaited?.delete(id);
    const missing = new Set(leftIds);
    if (isCaughtUp) {
      for (const id of this.#awaited ?? []) missing.add(id);
      this.#awaited = undefined;
    }
    return { changed, missingIds: [...missing].filter((id) => this.#open.delete(id)) };
  }

  #isNew(alert: Alert): boolean {
    const content = JSON.stringify(alert);
    const isNew = this.#open.get(alert.id) !== content;
    if (OPEN_STATES.some((state) => state === alert.state)) this.#open.set(alert.id, content);
    else this.#open.delete(alert.id);
    return isNew;
  }
}
