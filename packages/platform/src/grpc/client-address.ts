import { isIPv6 } from 'node:net';

const GROUPS = 8;

/**
 * The client at a peer: `127.0.0.1` for `127.0.0.1:50312` and for `::ffff:127.0.0.1:50312`, which is the same one. Of an IPv6
 * address only the network, `2001:db8:0:1::/64`: a host there has as many addresses as it likes.
 */
export function clientOf(peer: string): string {
  const address = peer.replace(/:\d+$/, '').replace(/^::ffff:(?=\d+\.)/, '');
  return isIPv6(address) ? networkOf(address) : address;
}

function networkOf(address: string): string {
  const [before = [], after = []] = address.split('::').map((part) => part.split(':'));
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  const network = [...before, ...zeros, ...after].slice(0, GROUPS / 2).map((group) => group || '0');
  return `${network.join(':')}::/64`;
}
