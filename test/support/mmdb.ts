import { writeFileSync } from 'node:fs';

/** What a test's database says of a network. */
export type MmdbValue = string | number | { readonly [key: string]: MmdbValue };

export interface MmdbContent {
  /** `203.0.113.0/24` or `2001:db8:7::/48`; networks do not overlap. */
  readonly networks: Readonly<Record<string, MmdbValue>>;
  readonly databaseType?: string;
  readonly builtAtMs?: number;
}

/** A node of the tree: where 0 and 1 lead to. */
type Branch = Node | Uint8Array | undefined;
type Node = [Branch, Branch];

const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const separatorBytes = 16;

/** A database in the MaxMind DB format 2.0 (IPv6 tree, IPv4 below ::/96, records of 24 bits). */
export function mmdb({
  networks,
  databaseType = 'GeoLite2-Country',
  builtAtMs = 1_795_000_000_000,
}: MmdbContent): Buffer {
  const root: Node = [undefined, undefined];
  for (const [network, value] of Object.entries(networks)) insert(root, network, encode(value));
  const nodes = numbered(root);
  const places = new Map(nodes.map((node, number) => [node, number]));
  const data: Uint8Array[] = [];
  let dataBytes = 0;
  const record = (branch: Branch): number => {
    if (branch === undefined) return nodes.length;
    if (!(branch instanceof Uint8Array)) return places.get(branch)!;
    data.push(branch);
    dataBytes += branch.length;
    return nodes.length + separatorBytes + dataBytes - branch.length;
  };
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [number, [left, right]] of nodes.entries()) {
    tree.writeUIntBE(record(left), number * 6, 3);
    tree.writeUIntBE(record(right), number * 6 + 3, 3);
  }
  const metadata = encode({
    ...{ binary_format_major_version: 2, binary_format_minor_version: 0, build_epoch: Math.floor(builtAtMs / 1000) },
    ...{ database_type: databaseType, ip_version: 6, node_count: nodes.length, record_size: 24 },
  });
  return Buffer.concat([tree, Buffer.alloc(separatorBytes), ...data, marker, metadata]);
}

/** Writes a database of countries: `{ '203.0.113.0/24': 'DE' }`. */
export function writeCountries(path: string, countries: Readonly<Record<string, string>>): void {
  const networks = Object.entries(countries).map(([network, code]) => [network, { country: { iso_code: code } }]);
  writeFileSync(path, mmdb({ networks: Object.fromEntries(networks) }));
}

function insert(root: Node, network: string, value: Uint8Array): void {
  const [address = '', length = ''] = network.split('/');
  const bits = bitsOf(address).slice(0, Number(length) + (address.includes(':') ? 0 : 96));
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit];
    if (next instanceof Uint8Array) throw new Error(`${network} lies within another network`);
    const below: Node = next ?? [undefined, undefined];
    node[bit] = below;
    node = below;
  }
  node[bits.at(-1)!] = value;
}

/** The 128 bits of an address; of an IPv4 one behind 96 zeros. */
function bitsOf(address: string): (0 | 1)[] {
  const [head = '', tail = ''] = address.split('::');
  const words = (text: string) => text.split(':').filter((word) => word !== '');
  const middle = Array.from({ length: 8 - words(head).length - words(tail).length }, () => '0');
  const bytes = address.includes(':')
    ? [...words(head), ...middle, ...words(tail)].flatMap((word) => [
        Number.parseInt(word, 16) >> 8,
        Number.parseInt(word, 16) & 255,
      ])
    : [...Array.from({ length: 12 }, () => 0), ...address.split('.').map(Number)];
  return bytes.flatMap((byte) => Array.from({ length: 8 }, (_, at) => ((byte >> (7 - at)) & 1) as 0 | 1));
}

function numbered(root: Node): Node[] {
  const nodes = [root];
  for (const node of nodes)
    for (const next of node) if (next !== undefined && !(next instanceof Uint8Array)) nodes.push(next);
  return nodes;
}

/** A value of the data section; sizes below 285. */
function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const members = Object.entries(value);
  return Buffer.concat([
    control(7, members.length),
    ...members.flatMap(([key, member]) => [encode(key), encode(member)]),
  ]);
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.of((type << 5) | size) : Buffer.of((type << 5) | 29, size - 29);
}
