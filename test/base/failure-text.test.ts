import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { connect, createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { StreamctlError } from '../../src/base/errors.ts';
import { describeFailure, tlsFailure } from '../../src/base/failure-text.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';

/** How Node fails to speak TLS with what listens there. */
async function failureWith(server: Server, ca?: string): Promise<unknown> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...(ca !== undefined && { ca }) });
  const [error] = await once(socket, 'error');
  return error;
}

/** Says `text` when it is spoken to, and ends the connection. */
function blunt(text: string): Server {
  return createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text));
  });
}

test('why TLS did not come about is told in a line, without advice that does not fit here', async () => {
  const authority = await CertificateAuthority.create();
  const { certPath, keyPath } = await authority.issue('DNS:other.example');
  const secure = () => createTlsServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
  const failures = await Promise.all([
    failureWith(secure()),
    failureWith(secure(), readFileSync(authority.certPath, 'utf8')),
    failureWith(blunt('HTTP/1.0 400 Bad Request\r\n\r\n')),
    failureWith(blunt('')),
  ]);
  expect(failures.map(tlsFailure)).toEqual([
    'unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    "Host: localhost. is not in the cert's altnames: DNS:other.example (ERR_TLS_CERT_ALTNAME_INVALID)",
    'wrong version number (ERR_SSL_WRONG_VERSION_NUMBER)',
    'it ended the connection before TLS was agreed on',
  ]);
  for (const failure of failures) expect(describeFailure(failure)).toContain('NODE_EXTRA_CA_CERTS=FILE');
});

test('other failures are no matter of TLS', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  expect([tlsFailure(refused), describeFailure(refused)]).toEqual([undefined, 'ECONNREFUSED']);
  const typed = new StreamctlError('API_BUSY', {});
  expect(describeFailure(typed)).toBe(`${typed.message} ${typed.remedy} (API_BUSY)`);
});
