import type { Severity } from '@odograph/kernel/alert-event';

/** What a receiver learns about an alert. Times are Unix milliseconds, by the clock of the rule. */
export interface NotifiedAlert {
  readonly id: string;
  readonly rule: string;
  readonly revision: number;
  readonly vehicleId: string;
  readonly fleet?: string | undefined;
  readonly severity: Severity;
  /** Other severities that the receiver may know the alert by, from notices before this one. */
  readonly formerSeverities?: readonly Severity[] | undefined;
  readonly description: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number | undefined;
  /** What the rule looked at when it fired, by the name of the signal. */
  readonly values?: Readonly<Record<string, string>> | undefined;
}

export const NOTICE_KINDS = ['firing', 'resolved', 'flapping'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What one alert says to one receiver: one effect, however often it is sent. */
export interface Notice {
  /** Unique, and the same whenever the notice is made again from the log. */
  readonly key: string;
  /** The name of the receiver. */
  readonly receiver: string;
  readonly alert: NotifiedAlert;
  readonly kind: NoticeKind;
  /** Why the alert has begun or ended, such as `condition` or `no data`. */
  readonly because: string;
  /** Whether it comes from samples that arrived late. */
  readonly isLate: boolean;
  readonly atMs: number;
  /** The key of the notice that must have been delivered before: a resolved follows its firing. It was added before, or with this one. */
  readonly follows?: string | undefined;
  /** When the group of the receiver may be sent. */
  readonly dueAtMs: number;
}

/** Notices that are sent together. It never changes once it is formed. */
export interface Message {
  /** The key of its oldest notice. */
  readonly id: string;
  readonly receiver: string;
  /** The oldest first. */
  readonly notices: readonly Notice[];
}

/** A message and the bytes that say it, which are stored so that what is signed is what is sent. */
export interface FormedMessage extends Message {
  readonly body: Uint8Array;
}

/**
 * Where a notice is on its way: `blocked` by the notice that it follows, `waiting` for its group, in a message that is being `sent`,
 * or at the end: `delivered`, `dead` until it is replayed, `suppressed` because it was never meant to be sent.
 */
export type NoticeState = 'blocked' | 'waiting' | 'sent' | 'delivered' | 'dead' | 'suppressed';

/** A notice as it is shown with its alert. */
export interface TrackedNotice {
  readonly notice: Notice;
  readonly state: NoticeState;
  /** Why it is dead or suppressed, or why the last attempt to send it failed. */
  readonly reason?: string | undefined;
  readonly messageId?: string | undefined;
  readonly attempts: number;
  /** When its state became final. */
  readonly settledAtMs?: number | undefined;
}
