import { CertificateFiles } from '../base/certificate-files.ts';
import type { CertificatePair } from '../base/certificate-pair.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';

interface Paths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** The certificates of one server, watched: HTTPS and RTMPS each with its files, which may be the same. */
export class Certificates {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly watched: { readonly port: 'https' | 'rtmps'; readonly files: CertificateFiles }[] = [];

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** The pair as it is now; `onChange` gets what replaces it. Throws what is wrong with the files. */
  async watch(
    port: 'https' | 'rtmps',
    paths: Paths | undefined,
    onChange: (pair: CertificatePair) => void,
  ): Promise<CertificatePair | undefined> {
    if (paths === undefined) return undefined;
    const { clock, log } = this;
    const files = new CertificateFiles({ ...paths, clock, log, onChange });
    this.watched.push({ port, files });
    return await files.start();
  }

  /** When those in use expire, milliseconds since 1970-01-01T00:00:00Z. */
  get expiries(): readonly { readonly port: 'https' | 'rtmps'; readonly validUntilMs: number }[] {
    return this.watched.map(({ port, files: { validUntilMs } }) => ({ port, validUntilMs }));
  }

  /** Looks at the files now. */
  async reload(): Promise<void> {
    await Promise.all(this.watched.map(({ files }) => files.reload()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.watched.map(({ files }) => files.stop()));
  }
}
