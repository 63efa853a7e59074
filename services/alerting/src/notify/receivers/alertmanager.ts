import type { Severity } from '@odograph/kernel/alert-event';
import { isoTime } from '../body.ts';
import type { Notice } from '../notification.ts';
import { Secret } from '../secret.ts';
import { type PostTarget, post } from './post.ts';
import type { Receiver } from './receiver.ts';
import type { PostDeps } from './webhook.ts';

export interface AlertmanagerSettings extends PostTarget {
  /** For basic authentication. */
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
}

/**
 * Alertmanager takes an alert that is not sent again for resolved after `resolve_timeout`, five minutes by default, unless the alert
 * says when it ends. We send an alert once, so a firing one ends in seven days: long enough to see it, short enough to be forgotten.
 */
const FIRING_MS = 7 * 24 * 3_600_000;

/** Sends alerts to the API of Prometheus Alertmanager, which groups, routes and silences them. */
export function createAlertmanager(settings: AlertmanagerSettings, deps: PostDeps): Receiver {
  const { clock, version, resolve } = deps;
  const { user, password } = settings;
  const authorization =
    user && `Basic ${Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')}`;
  const headers = {
    ...{ 'content-type': 'application/json', 'user-agent': `odograph/${version}` },
    ...(authorization ? { authorization } : {}),
  };
  const url = new Secret(`${settings.url.reveal().replace(/\/+$/, '')}/api/v2/alerts`);
  return {
    send({ notices }, signal) {
      const nowMs = clock.now();
      const alerts = notices.flatMap((notice) => alertsOf(notice, nowMs));
      const body = new TextEncoder().encode(JSON.stringify(alerts));
      return post({ ...settings, url }, { headers, body }, { signal, nowMs, resolve });
    },
  };
}

/** An alert as Alertmanager reads it. */
interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/**
 * Labels are the identity of an alert there, and one of them is the severity, by which it is routed.
 * So each other severity that it had is ended with the same call.
 */
export function alertsOf(notice: Notice, nowMs: number): readonly PostedAlert[] {
  const { kind, alert, because, isLate } = notice;
  const startsMs = Math.min(alert.startedAtMs, nowMs);
  const endedMs = Math.max(startsMs, Math.min(alert.endedAtMs ?? notice.atMs, nowMs));
  const annotations = {
    ...{ description: alert.description, because, revision: String(alert.revision) },
    ...(kind === 'flapping' ? { flapping: 'true' } : {}),
    ...(isLate ? { late: 'true' } : {}),
  };
  return [...new Set([alert.severity, ...(alert.formerSeverities ?? [])])].map((severity) => {
    const isFiring = kind !== 'resolved' && severity === alert.severity;
    const endsMs = isFiring ? nowMs + FIRING_MS : endedMs;
    const labels = labelsOf(notice, severity);
    return { labels, annotations, startsAt: isoTime(startsMs), endsAt: isoTime(endsMs) };
  });
}

function labelsOf({ alert }: Notice, severity: Severity): Readonly<Record<string, string>> {
  const { id, rule, vehicleId, fleet } = alert;
  // A label without a value is none there.
  return { alertname: rule, vehicle: vehicleId, severity, alert_id: id, ...(fleet ? { fleet } : {}) };
}
