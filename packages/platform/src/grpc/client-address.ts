/** `127.0.0.1` for the peer `127.0.0.1:50312`, and for `::ffff:127.0.0.1:50312`, which is the same client. */
export function clientOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^::ffff:(?=\d+\.)/, '');
}
