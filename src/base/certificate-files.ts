import { readFile } from 'node:fs/promises';
import { type CertificateFacts, type CertificatePair, checkCertificate } from './certificate-pair.ts';
import type { Clock } from './clock.ts';
import { isStreamctlError, StreamctlError } from './errors.ts';

export interface CertificateFilesOptions {
  readonly certPath: string;
  readonly keyPath: string;
  readonly clock: Clock;
  readonly log: CertificateLog;
  /** Gets each new pair, once it is found good. */
  readonly onChange: (pair: CertificatePair) => void;
  /** How often the files are looked at, ms. */
  readonly lookEveryMs?: number;
  /** How long a pair that cannot be used is waited over: the two are often replaced one after the other. ms. */
  readonly settleMs?: number;
}

/** Constant sentences with fields. */
export interface CertificateLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const dayMs = 86_400_000;
/** Renewal tools act weeks before the end; whoever gets this near has none, or one that fails. */
const warnBeforeMs = 7 * dayMs;

/**
 * The certificate and key in two files, read again when they change: renewal tools replace files, or what links to them. A new
 * pair that cannot be used leaves the old one in place, and is told once.
 */
export class CertificateFiles {
  private readonly options: CertificateFilesOptions;
  private current: CertificatePair | undefined;
  private facts: CertificateFacts | undefined;
  private trouble: { readonly of: string; readonly sinceMs: number; isTold: boolean } | undefined;
  private warned: 'no' | 'soon' | 'expired' | 'early' = 'no';
  private looking = Promise.resolve();
  private cancelLook = () => {};
  private isStopped = false;

  constructor(options: CertificateFilesOptions) {
    this.options = options;
  }

  /**
   * Reads the files for the first time, and looks at them from then on. Throws TLS_FILE_UNREADABLE, TLS_FILE_MALFORMED or
   * TLS_KEY_MISMATCH. An expired certificate is only warned of.
   */
  async start(): Promise<CertificatePair> {
    const pair = await this.read();
    this.facts = checkCertificate(pair, this.options);
    this.current = pair;
    this.warnOfDates();
    this.schedule();
    return pair;
  }

  /** The pair that is in use. */
  get pair(): CertificatePair {
    if (this.current === undefined) throw new Error('the certificate has not been read yet');
    return this.current;
  }

  /** When the certificate in use expires, milliseconds since 1970-01-01T00:00:00Z. */
  get validUntilMs(): number {
    return this.facts?.validUntilMs ?? 0;
  }

  /** Looks at the files now, and tells at once what is wrong with them. */
  reload(): Promise<void> {
    return this.look(0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelLook();
    await this.looking;
  }

  private schedule(): void {
    if (this.isStopped) return;
    const { clock, lookEveryMs = 10_000, settleMs = 60_000 } = this.options;
    this.cancelLook = clock.after(lookEveryMs, () => {
      void this.look(settleMs).finally(() => this.schedule());
    });
  }

  /** One look at a time. Never rejects. */
  private look(settleMs: number): Promise<void> {
    this.looking = this.looking.then(() => this.lookOnce(settleMs));
    return this.looking;
  }

  private async lookOnce(settleMs: number): Promise<void> {
    let content = '';
    try {
      const pair = await this.read();
      content = pair.cert + pair.key;
      const { cert, key } = this.pair;
      if (pair.cert !== cert || pair.key !== key) this.take(pair);
      this.trouble = undefined;
    } catch (error) {
      this.stumble(error, content, settleMs);
    }
    this.warnOfDates();
  }

  private take(pair: CertificatePair): void {
    if (this.isStopped) return;
    const { certPath, log, onChange } = this.options;
    const facts = checkCertificate(pair, this.options);
    onChange(pair);
    this.current = pair;
    this.facts = facts;
    this.warned = 'no';
    const { subject, validUntilMs } = facts;
    log.info({ path: certPath, subject, validUntil: new Date(validUntilMs).toISOString() }, 'certificate replaced');
  }

  private stumble(error: unknown, content: string, settleMs: number): void {
    const { clock, log, certPath } = this.options;
    const reason = error instanceof Error ? error.message : String(error);
    const of = `${reason}\n${content}`;
    if (this.trouble?.of !== of) this.trouble = { of, sinceMs: clock.monotonicMs(), isTold: false };
    const { trouble } = this;
    if (trouble.isTold || clock.monotonicMs() - trouble.sinceMs < settleMs) return;
    trouble.isTold = true;
    const remedy = isStreamctlError(error) ? error.remedy : undefined;
    log.warn({ path: certPath, err: error, remedy }, 'the new certificate cannot be used; the old one stays');
  }

  /** An expired certificate is no reason to stop: browsers refuse it, but OBS and scripts may not look. */
  private warnOfDates(): void {
    const { facts, options } = this;
    if (facts === undefined) return;
    const nowMs = options.clock.wallMs();
    const leftMs = facts.validUntilMs - nowMs;
    const now = leftMs <= 0 ? 'expired' : leftMs < warnBeforeMs ? 'soon' : nowMs < facts.validFromMs ? 'early' : 'no';
    if (now === this.warned) return;
    this.warned = now;
    if (now === 'no') return;
    const fields = {
      path: options.certPath,
      validFrom: new Date(facts.validFromMs).toISOString(),
      validUntil: new Date(facts.validUntilMs).toISOString(),
      remedy: 'Renew it; the new files are taken within seconds, without a restart.',
    };
    options.log.warn(fields, sentences[now]);
  }

  private async read(): Promise<CertificatePair> {
    const { certPath, keyPath } = this.options;
    return { cert: await readPem(certPath), key: await readPem(keyPath) };
  }
}

const sentences = {
  expired: 'the certificate has expired: viewers and publishers will refuse it',
  soon: 'the certificate expires soon',
  early: 'the certificate is not valid yet: viewers and publishers will refuse it',
};

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    throw new StreamctlError('TLS_FILE_UNREADABLE', { path, reason: code }, { cause });
  }
}
