import { Channel, callUnary } from '@odograph/client/call';
import {
  type Alert,
  AlertState,
  AlertsService,
} from '@odograph/client/generated/odograph/alerting/v1/alerts';

const LIST_WITHIN_MS = 5_000;
const GOING_ON = [AlertState.FIRING, AlertState.RECOVERING];

/** The alerts of a rule that are firing, as one replica lists them. */
export async function firingAlerts(endpoint: string, rule: string): Promise<readonly Alert[]> {
  const channel = new Channel(endpoint);
  const filter = { states: GOING_ON, rules: [rule], vehicles: [], fleets: [], severities: [] };
  try {
    const request = { filter, pageSize: 1_000, pageToken: '', atLeast: [] };
    return (await callUnary(channel, AlertsService.list, request, { deadlineMs: LIST_WITHIN_MS })).alerts;
  } finally {
    channel.close();
  }
}
