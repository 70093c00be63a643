import type { Log } from '../observability/log.ts';
import { type CountryDatabase, openCountryDatabase } from './country-database.ts';

/** Countries of addresses, by a file that is replaced from time to time. */
export class Countries {
  private readonly path: string;
  private readonly log: Pick<Log, 'info' | 'warn'>;
  private database: CountryDatabase;

  private constructor(path: string, database: CountryDatabase, log: Pick<Log, 'info' | 'warn'>) {
    this.path = path;
    this.database = database;
    this.log = log;
  }

  /** Throws ANALYTICS_GEOIP_UNREADABLE or ANALYTICS_GEOIP_UNUSABLE. */
  static async open(path: string, log: Pick<Log, 'info' | 'warn'>): Promise<Countries> {
    return new Countries(path, await openCountryDatabase(path), log);
  }

  /** ISO 3166-1 alpha-2, or `ZZ`. */
  readonly of = (address: string): string => this.database.countryOf(address);

  /** Reads the file again. One that cannot be used leaves the old one in place. Never rejects. */
  async reload(): Promise<void> {
    const { path, log } = this;
    try {
      this.database = await openCountryDatabase(path);
      const { type, builtAtMs } = this.database;
      log.info({ path, type, built_at: new Date(builtAtMs).toISOString() }, 'GeoIP database read again');
    } catch (err) {
      log.warn({ path, err }, 'the GeoIP database cannot be read again: the old one stays');
    }
  }
}
