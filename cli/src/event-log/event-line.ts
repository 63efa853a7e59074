import type { EventJson } from '../json/event-json.ts';

const DATA_MAX_LENGTH = 240;

/** An event for people, in one line. */
export function eventLine({ position, received_at, type, subject, data }: EventJson): string {
  const text = JSON.stringify(data);
  const shortened = text.length > DATA_MAX_LENGTH ? `${text.slice(0, DATA_MAX_LENGTH)}…` : text;
  return `${position}  ${received_at ?? ''}  ${type}  ${subject}  ${shortened}`;
}
