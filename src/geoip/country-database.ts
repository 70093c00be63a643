import { readFile } from 'node:fs/promises';
import type { CountryResponse, Reader } from 'maxmind';
import { StreamctlError } from '../base/errors.ts';

/** Of an address whose country nobody knows. */
export const unknownCountry = 'ZZ';

/** The least that a database has behind its tree: the separator of the data section. */
const separatorBytes = 16;

/** A country or city database in the MaxMind DB format, all of it in memory. */
export class CountryDatabase {
  /** As its maker calls it: `GeoLite2-Country`. */
  readonly type: string;
  readonly builtAtMs: number;
  private readonly reader: Reader<CountryResponse>;

  constructor(reader: Reader<CountryResponse>) {
    this.reader = reader;
    this.type = reader.metadata.databaseType;
    this.builtAtMs = reader.metadata.buildEpoch.getTime();
  }

  /** ISO 3166-1 alpha-2: where the address is used, else where it is registered; `ZZ` where that is not known. */
  countryOf(address: string): string {
    try {
      const found = this.reader.get(address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address);
      const code = found?.country?.iso_code ?? found?.registered_country?.iso_code;
      return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : unknownCountry;
    } catch {
      return unknownCountry; // a damaged record: the others may be good
    }
  }
}

/** Reads a database. Throws ANALYTICS_GEOIP_UNREADABLE or ANALYTICS_GEOIP_UNUSABLE. */
export async function openCountryDatabase(path: string): Promise<CountryDatabase> {
  const { Reader } = await import('maxmind');
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new StreamctlError('ANALYTICS_GEOIP_UNREADABLE', { path, reason: cause.code ?? cause.message }, { cause });
  });
  let reader: Reader<CountryResponse>;
  try {
    reader = new Reader<CountryResponse>(bytes);
  } catch (cause) {
    throw new StreamctlError('ANALYTICS_GEOIP_UNUSABLE', { path, reason: 'its metadata cannot be read' }, { cause });
  }
  const reason = whyUnusable(reader, bytes.length);
  if (reason !== undefined) throw new StreamctlError('ANALYTICS_GEOIP_UNUSABLE', { path, reason });
  return new CountryDatabase(reader);
}

function whyUnusable({ metadata }: Reader<CountryResponse>, sizeBytes: number): string | undefined {
  const { databaseType, searchTreeSize, nodeCount, buildEpoch } = metadata;
  const isWhole = nodeCount > 0 && searchTreeSize + separatorBytes < sizeBytes;
  if (!isWhole || Number.isNaN(buildEpoch.getTime())) return 'it is not whole';
  if (typeof databaseType === 'string' && /country|city|enterprise/i.test(databaseType)) return undefined;
  return `it is of the type ${String(databaseType).slice(0, 60)}`;
}
