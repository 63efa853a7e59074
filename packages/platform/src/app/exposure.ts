import { maskPassword } from '../config/setting.ts';

/** What other machines can do at a port that listens beyond this one. */
const OPEN_PORTS = {
  ODO_GRPC_HOST:
    'any program that reaches it may report for any vehicle, read everything, change vehicles and parked events, and set aside a message that halts the log',
  ODO_METRICS_HOST: 'any program that reaches it may read the metrics',
} as const;

const OPEN_ENGINE =
  'it has neither a password nor TLS, so any program that reaches it, or the network in between, may read and change the log';

/** Settings as text, by their names. */
type SettingTexts = Readonly<Record<string, string | undefined>>;

/** What services say of these settings, which let in anybody beyond this machine; one line for each. */
export function exposuresOf(settings: SettingTexts): readonly string[] {
  const ports = Object.entries(OPEN_PORTS).flatMap(([name, open]) => {
    const host = settings[name];
    return host && !isLoopback(host) ? [`${name} is ${host}: ${open}`] : [];
  });
  const engines = Object.entries(settings).flatMap(([name, url]) => {
    if (!url || !/^ODO_[A-Z]+_URL$/.test(name)) return [];
    const hasFile = Boolean(settings[name.replace(/URL$/, 'CREDENTIALS_FILE')]);
    return hasFile || isClosed(url) ? [] : [`${name} is ${maskPassword(url)}: ${OPEN_ENGINE}`];
  });
  return [...ports, ...engines];
}

/** Whether the engine is on this machine, or its URL has credentials or asks for TLS. */
function isClosed(url: string): boolean {
  const [, scheme = '', login = '', hosts = ''] = /^([^:]+):\/\/(?:([^/?#]*)@)?([^/?#]*)/.exec(url) ?? [];
  if (login !== '' || /^(tls|rediss(\+\w+)?|mongodb\+srv)$/.test(scheme) || /[?&](tls|ssl)=true/i.test(url))
    return true;
  return hosts.split(',').every((host) => isLoopback(hostOf(host)));
}

/** The host of `host:port` or `[host]:port`. */
export function hostOf(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Whether only this machine reaches an address. MongoDB writes the path of a socket as a host. */
function isLoopback(host: string): boolean {
  return /^(localhost|::1|127(\.\d{1,3}){3}|%2F.*)$/i.test(host);
}
