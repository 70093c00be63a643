/**
 * As much of an address as may be kept of a viewer: the /24 network of an IPv4 address, also of one within IPv6, or the /48 of an IPv6 one.
 * Expects a text form as sockets give it; of anything else nothing stays.
 */
export function addressNetwork(address: string): string {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
  if (!plain.includes(':')) {
    const bytes = plain.split('.');
    return bytes.length === 4 ? `${bytes.slice(0, 3).join('.')}.0/24` : '';
  }
  const [head = '', tail] = plain.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  if (tail !== undefined) {
    const last = tail.split(':').filter((group) => group !== '');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return `${groups.slice(0, 3).join(':')}::/48`;
}
