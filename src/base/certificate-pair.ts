import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { StreamctlError } from './errors.ts';

/** A certificate chain, the server's own first, and its private key, as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What a pair says of itself. */
export interface CertificateFacts {
  readonly subject: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

/**
 * Looks whether a TLS server can use a pair. Throws TLS_FILE_MALFORMED when one of the two is no certificate or no key, or is too
 * weak; TLS_KEY_MISMATCH when they do not belong together. `paths` are named in the errors.
 */
export function checkCertificate(
  { cert, key }: CertificatePair,
  paths: { readonly certPath: string; readonly keyPath: string },
): CertificateFacts {
  const { certPath, keyPath } = paths;
  const certificate = parse(certPath, () => new X509Certificate(cert));
  const privateKey: KeyObject = parse(keyPath, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw new StreamctlError('TLS_KEY_MISMATCH', { certPath, keyPath });
  parse(certPath, () => createSecureContext({ cert, key }));
  return {
    subject: certificate.subjectAltName ?? certificate.subject,
    validFromMs: Date.parse(certificate.validFrom),
    validUntilMs: Date.parse(certificate.validTo),
  };
}

function parse<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message } = cause as Error;
    throw new StreamctlError('TLS_FILE_MALFORMED', { path, reason: message }, { cause });
  }
}
