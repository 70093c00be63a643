import { generate } from 'selfsigned';
import type { CertificatePair } from '../../src/base/certificate-pair.ts';

/** A self-signed certificate for `name`, and its key. */
export async function makeCertificate(
  name = 'localhost',
  { notBefore, notAfter }: { readonly notBefore?: Date; readonly notAfter?: Date } = {},
): Promise<CertificatePair> {
  const validity = { ...(notBefore && { notBeforeDate: notBefore }), ...(notAfter && { notAfterDate: notAfter }) };
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { keyType: 'ec', ...validity });
  return { cert, key };
}
