import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checkCertificate } from '../../base/certificate-pair.ts';
import { isStreamctlError, StreamctlError } from '../../base/errors.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

interface CertificateAt {
  /** In the configuration: `http.tls`. */
  readonly path: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** What people type to reach the server; empty: not known. */
  readonly hostName: string;
}

const dayMs = 86_400_000;
/** Renewal tools act a month before the end. */
const soonDays = 14;

/** Whether the certificates of the configuration can be used, until when, and for whom. */
export function checkCertificates({ config }: Host): Finding[] {
  const { http, rtmp } = config;
  const hostName = http.publicUrl === '' ? '' : new URL(http.publicUrl).hostname;
  const all: CertificateAt[] = [];
  if (http.tls !== undefined) all.push({ path: 'http.tls', ...http.tls, hostName });
  if (rtmp.tls !== undefined) all.push({ path: 'rtmp.tls', ...rtmp.tls, hostName });
  if (all.length > 0) return all.map((one) => certificateFinding(one, Date.now()));
  return [
    finding('tls-off', 'note', {
      found: 'Viewers are served over HTTP, without TLS.',
    }),
  ];
}

export function certificateFinding({ path, certPath, keyPath, hostName }: CertificateAt, nowMs: number): Finding {
  try {
    const cert = read(certPath);
    const facts = checkCertificate({ cert, key: read(keyPath) }, { certPath, keyPath });
    const days = Math.floor((facts.validUntilMs - nowMs) / dayMs);
    const until = new Date(facts.validUntilMs).toISOString().slice(0, 10);
    const whose = `The certificate of ${path} (${facts.subject.replaceAll('\n', ', ')})`;
    const figures = { days_left: days };
    if (nowMs < facts.validFromMs) {
      const found = `${whose} is not valid yet: this machine's clock may be wrong.`;
      return finding('certificate-early', 'problem', { found, figures });
    }
    if (days < 0) {
      const found = `${whose} has expired on ${until}.`;
      return finding('certificate-expired', 'problem', { found, figures });
    }
    if (hostName !== '' && new X509Certificate(cert).checkHost(hostName) === undefined) {
      const found = `${whose} is not for ${hostName}, which is in http.public_url.`;
      return finding('certificate-other-host', 'problem', { found, details: { host: hostName }, figures });
    }
    if (days < soonDays) {
      const found = `${whose} expires in ${days} days, on ${until}.`;
      return finding('certificate-soon', 'warning', { found, figures });
    }
    return fine('certificate', `${whose} and its key belong together; valid until ${until}.`, figures);
  } catch (error) {
    if (!isStreamctlError(error)) throw error;
    const { message: found, remedy } = error;
    return finding('certificate-unusable', 'problem', { found, remedy });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    throw new StreamctlError('TLS_FILE_UNREADABLE', { path, reason: code }, { cause });
  }
}
