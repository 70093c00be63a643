import { expect, onTestFinished, test } from 'vitest';
import { describeFailure } from '../../src/base/failure-text.ts';
import { parseRedisServer } from '../../src/config/redis-url.ts';
import { PresenceLink } from '../../src/realtime/presence-link.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { freePort, RedisServer } from '../support/redis-server.ts';

const password = 'nachtigall-und-lerche';

/** A Redis that takes connections by TLS, with a certificate for these names. */
async function startTlsRedis(authority: CertificateAuthority, names = ['DNS:localhost', 'IP:127.0.0.1']) {
  const { certPath, keyPath } = await authority.issue(...names);
  const tlsPort = await freePort();
  await RedisServer.start(
    ...['--tls-port', `${tlsPort}`, '--tls-cert-file', certPath, '--tls-key-file', keyPath],
    ...['--tls-ca-cert-file', authority.certPath, '--tls-auth-clients', 'no'],
    ...['--requirepass', password],
  );
  return tlsPort;
}

function linkTo(place: string, nodeId = 'a'): PresenceLink {
  const link = new PresenceLink(parseRedisServer(`rediss://:${password}@${place}/0`)!, nodeId);
  onTestFinished(() => link.close());
  return link;
}

async function failureOf(place: string): Promise<unknown> {
  return await linkTo(place)
    .exchange('{}')
    .catch((error: unknown) => error);
}

test('rediss:// speaks with a Redis whose certificate an authority signed that is trusted, by its name and its address', async () => {
  const authority = await CertificateAuthority.create();
  const tlsPort = await startTlsRedis(authority);
  authority.trustHere();
  expect(await linkTo(`localhost:${tlsPort}`).exchange('{"of":"a"}')).toEqual([]);
  expect(await linkTo(`127.0.0.1:${tlsPort}`, 'b').exchange('{}')).toEqual(['{"of":"a"}']);
});

test('a certificate of an authority that nobody named is refused, and it is told why and what to do, without the password', async () => {
  const tlsPort = await startTlsRedis(await CertificateAuthority.create());
  const failure = await failureOf(`localhost:${tlsPort}`);
  expect(failure).toMatchObject({
    code: 'REALTIME_TLS_FAILED',
    message: expect.stringMatching(
      /^No secure connection to Redis at localhost:\d+ can be made: .*certificate.* \([A-Z_]+\)\.$/,
    ),
    remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS=FILE'),
  });
  expect(describeFailure(failure)).toMatch(/Redis at localhost.*NODE_EXTRA_CA_CERTS=FILE.*\(REALTIME_TLS_FAILED\)$/);
  expect(describeFailure(failure)).not.toContain(password);
});

test('the certificate of another host is refused by the names that it is for', async () => {
  const authority = await CertificateAuthority.create();
  const tlsPort = await startTlsRedis(authority, ['DNS:redis.example']);
  authority.trustHere();
  expect(await failureOf(`localhost:${tlsPort}`)).toMatchObject({
    code: 'REALTIME_TLS_FAILED',
    message: expect.stringMatching(/localhost.*redis\.example.*ERR_TLS_CERT_ALTNAME_INVALID/),
  });
});
