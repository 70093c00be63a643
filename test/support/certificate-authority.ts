import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { onTestFinished } from 'vitest';
import { run } from './child.ts';
import { tempDir } from './temp-dir.ts';

/** PEM files of a server's certificate and its key. */
export interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** An authority of one's own, as operators make it with openssl: nobody trusts it who was not told to. */
export class CertificateAuthority {
  /** Its own certificate, PEM. */
  readonly certPath: string;
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.certPath = join(folder, 'ca.crt');
  }

  /** In a folder of the test's own, or in `folder`. */
  static async create(folder = tempDir()): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(folder);
    await authority.openssl(['-subj', '/CN=streamctl test authority', '-keyout', 'ca.key', '-out', 'ca.crt']);
    return authority;
  }

  /** A certificate for `names`, as subjectAltName has them: `DNS:localhost`, `IP:127.0.0.1`. */
  async issue(...names: readonly string[]): Promise<CertificateFiles> {
    const file = names.join('-').replaceAll(/[^\w.-]/g, '_');
    await this.openssl([
      ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-subj', '/CN=streamctl test server'],
      ...['-addext', `subjectAltName=${names.join(',')}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-keyout', `${file}.key`, '-out', `${file}.crt`],
    ]);
    return { certPath: join(this.folder, `${file}.crt`), keyPath: join(this.folder, `${file}.key`) };
  }

  /** Makes this process trust it until the test is over, as NODE_EXTRA_CA_CERTS does from the start. */
  trustHere(): void {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, readFileSync(this.certPath, 'utf8')]);
    onTestFinished(() => setDefaultCACertificates(before));
  }

  private async openssl(args: readonly string[]): Promise<void> {
    const { code, stderr } = await run('openssl', ['req', '-x509', ...newKey, ...args], { cwd: this.folder });
    if (code !== 0) throw new Error(`openssl: ${stderr}`);
  }
}
