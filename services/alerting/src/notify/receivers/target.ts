import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Which addresses a receiver may be sent to. */
export interface TargetRules {
  readonly allowHttp: boolean;
  /** Networks that are not public, in CIDR notation. */
  readonly allowNetworks: readonly string[];
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

const resolveHost: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** A target that no attempt may be made to. The message has no secret: of the URL only the host. */
export class RefusedTarget extends Error {}

/** What is wrong with a URL before its host is resolved; undefined if nothing is. It never repeats the URL. */
export function flawOfUrl(text: string, { allowHttp, allowNetworks }: TargetRules): string | undefined {
  const url = URL.parse(text);
  if (!url) return 'must be a URL such as https://alerts.example.com/hook';
  if (url.username || url.password) return 'must have no user and password: a webhook is signed instead';
  if (url.protocol === 'http:' && !allowHttp)
    return 'must begin with https://, or have allow_http: true beside it';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  const host = hostOf(url);
  if (isIP(host) && !isAllowed(host, allowNetworks)) return notPublic(host);
  return undefined;
}

/** The standard has made every way to write an address, such as 2130706433 or 0x7f.1, the usual one. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[(.*)\]$/, '$1');

const notPublic = (address: string) =>
  `is for ${address}, which is not a public address: list its network in allow_networks if it is meant`;

/**
 * The addresses to connect to. The host is resolved once, here: another answer later would not be checked.
 * @throws RefusedTarget if any of them may not be connected to
 */
export async function addressesOf(
  url: URL,
  rules: TargetRules,
  resolve: Resolve = resolveHost,
): Promise<readonly Address[]> {
  const flaw = flawOfUrl(url.href, rules);
  if (flaw !== undefined) throw new RefusedTarget(`the url ${flaw}`);
  const host = hostOf(url);
  const family = isIP(host);
  const addresses = family ? [{ address: host, family }] : await resolve(host);
  const refused = addresses.find(({ address }) => !isAllowed(address, rules.allowNetworks));
  if (refused) throw new RefusedTarget(`the url ${notPublic(`${host} at ${refused.address}`)}`);
  return addresses;
}

/** What IANA has given out for hosts; every other unicast prefix of IPv6 is special or unused. */
const GLOBAL_UNICAST = '2000::/3';

/** Whether an address is public, or in one of the networks. An IPv4 address that is written as an IPv6 one is an IPv4 address. */
export function isAllowed(text: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (networks.some((network) => isIn(address, network))) return true;
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || isIn(address, GLOBAL_UNICAST));
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, network: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(network);
  return base.kind() === address.kind() && address.match(base, bits);
}

/** Such as `10.0.0.0/8` or `fd00::/8`. */
export const isNetwork = (text: string) => ipaddr.isValidCIDR(text);
