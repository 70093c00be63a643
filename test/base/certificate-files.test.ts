import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CertificateFiles } from '../../src/base/certificate-files.ts';
import type { CertificatePair } from '../../src/base/certificate-pair.ts';
import { makeCertificate } from '../support/certificate.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const dayMs = 86_400_000;
const lookEveryMs = 10_000;

/** Knows how often something was put off. */
class CountingClock extends ManualClock {
  scheduled = 0;

  override after(delayMs: number, callback: () => void): () => void {
    this.scheduled++;
    return super.after(delayMs, callback);
  }
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let certPath: string;
let keyPath: string;
let clock: CountingClock;
let files: CertificateFiles;
let changes: CertificatePair[];
let lines: { level: string; message: string; fields: Record<string, unknown> }[];

beforeEach(async () => {
  folder = await temporaryFolder('certificate');
  certPath = join(folder.path, 'fullchain.pem');
  keyPath = join(folder.path, 'privkey.pem');
  changes = [];
  lines = [];
  makeFiles();
});

afterEach(async () => {
  await files.stop();
  await folder.remove();
});

function makeFiles(): void {
  clock = new CountingClock(Date.now());
  const say = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: fields as Record<string, unknown> });
  };
  const log = { info: say('info'), warn: say('warn') };
  files = new CertificateFiles({ certPath, keyPath, clock, log, lookEveryMs, onChange: (pair) => changes.push(pair) });
}

async function put({ cert, key }: CertificatePair): Promise<void> {
  await writeFile(certPath, cert);
  await writeFile(keyPath, key);
}

/** Lets the next look happen, and waits until it is over. */
async function nextLook(): Promise<void> {
  const before = clock.scheduled;
  clock.advance(lookEveryMs);
  while (clock.scheduled === before) await new Promise((resolve) => setImmediate(resolve));
}

const warnings = () => lines.filter(({ level }) => level === 'warn').map(({ message }) => message);

test('the pair is read at the start, and whoever cannot be read is named', async () => {
  await expect(files.start()).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE', details: { path: certPath } });
  const pair = await makeCertificate();
  await put(pair);
  expect(await files.start()).toEqual(pair);
  expect(files.pair).toEqual(pair);
  expect(changes).toEqual([]);
});

test('what is no certificate, no key, or not a pair is an error of its own', async () => {
  const [one, other] = [await makeCertificate('one'), await makeCertificate('other')];
  await put({ ...one, cert: 'not PEM' });
  await expect(files.start()).rejects.toMatchObject({ code: 'TLS_FILE_MALFORMED', details: { path: certPath } });
  await put({ ...one, key: one.cert });
  await expect(files.start()).rejects.toMatchObject({ code: 'TLS_FILE_MALFORMED', details: { path: keyPath } });
  await put({ cert: one.cert, key: other.key });
  await expect(files.start()).rejects.toMatchObject({ code: 'TLS_KEY_MISMATCH', details: { certPath, keyPath } });
});

test('a chain is taken with the own certificate first, and not the other way round', async () => {
  const [own, issuer] = [await makeCertificate('own'), await makeCertificate('issuer')];
  await put({ cert: `${issuer.cert}\n${own.cert}`, key: own.key });
  await expect(files.start()).rejects.toMatchObject({ code: 'TLS_KEY_MISMATCH' });
  await put({ cert: `${own.cert}\n${issuer.cert}`, key: own.key });
  expect((await files.start()).cert).toBe(`${own.cert}\n${issuer.cert}`);
});

test('a renewed pair is taken within one look; an unchanged one is told to nobody', async () => {
  await put(await makeCertificate('old'));
  await files.start();
  await nextLook();
  expect(changes).toEqual([]);
  const renewed = await makeCertificate('new');
  await put(renewed);
  await nextLook();
  expect(changes).toEqual([renewed]);
  expect(files.pair).toEqual(renewed);
  expect(lines.map(({ message }) => message)).toEqual(['certificate replaced']);
});

test('links that are turned to new files are followed, whatever the times of the files', async () => {
  const [old, renewed] = [await makeCertificate('old'), await makeCertificate('new')];
  for (const [name, { cert, key }] of [
    ['1', old],
    ['2', renewed],
  ] as const) {
    await writeFile(join(folder.path, `cert${name}`), cert);
    await writeFile(join(folder.path, `key${name}`), key);
  }
  const turn = async (to: string) => {
    for (const [file, path] of [
      ['cert', certPath],
      ['key', keyPath],
    ] as const) {
      await symlink(`${file}${to}`, `${path}.new`);
      await rename(`${path}.new`, path);
    }
  };
  await turn('1');
  await files.start();
  await turn('2');
  await nextLook();
  expect(changes).toEqual([renewed]);
});

test('certificate and key may be replaced one after the other, without a word about it', async () => {
  await put(await makeCertificate('old'));
  await files.start();
  const renewed = await makeCertificate('new');
  await writeFile(certPath, renewed.cert);
  await nextLook();
  await nextLook();
  expect([changes, lines]).toEqual([[], []]);
  await writeFile(keyPath, renewed.key);
  await nextLook();
  expect(changes).toEqual([renewed]);
  expect(warnings()).toEqual([]);
});

test('a pair that stays unusable leaves the old one, and is told once, with what to do', async () => {
  const old = await makeCertificate('old');
  await put(old);
  await files.start();
  await writeFile(keyPath, 'half a k');
  for (let i = 0; i < 20; i++) await nextLook();
  expect(warnings()).toEqual(['the new certificate cannot be used; the old one stays']);
  expect(lines[0]?.fields).toMatchObject({ remedy: expect.stringContaining('PEM') });
  expect([files.pair, changes]).toEqual([old, []]);
  await writeFile(certPath, 'no certificate either');
  for (let i = 0; i < 20; i++) await nextLook();
  expect(warnings().length).toBe(2);
  const renewed = await makeCertificate('new');
  await put(renewed);
  await nextLook();
  expect(changes).toEqual([renewed]);
});

test('files that are gone for a moment, or for good, leave the old pair', async () => {
  const old = await makeCertificate('old');
  await put(old);
  await files.start();
  await rename(keyPath, `${keyPath}.away`);
  await nextLook();
  expect(warnings()).toEqual([]);
  for (let i = 0; i < 10; i++) await nextLook();
  expect(warnings().length).toBe(1);
  expect(lines[0]?.fields.err).toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
  expect(files.pair).toEqual(old);
});

test('a reload looks at once, and says at once what is wrong', async () => {
  await put(await makeCertificate('old'));
  await files.start();
  const renewed = await makeCertificate('new');
  await writeFile(certPath, renewed.cert);
  await files.reload();
  expect(warnings().length).toBe(1);
  expect(lines[0]?.fields.err).toMatchObject({ code: 'TLS_KEY_MISMATCH' });
  await writeFile(keyPath, renewed.key);
  await files.reload();
  expect(changes).toEqual([renewed]);
});

test('whoever refuses a new pair keeps the old one, and is asked again', async () => {
  const old = await makeCertificate('old');
  await put(old);
  let refusals = 0;
  files = new CertificateFiles({
    certPath,
    keyPath,
    clock,
    log: { info() {}, warn() {} },
    lookEveryMs,
    onChange: () => {
      if (refusals++ === 0) throw new Error('not now');
    },
  });
  await files.start();
  const renewed = await makeCertificate('new');
  await put(renewed);
  await nextLook();
  expect(files.pair).toEqual(old);
  await nextLook();
  expect(files.pair).toEqual(renewed);
});

test('an expired certificate is used, and warned of once', async () => {
  const notAfter = new Date(Date.now() - dayMs);
  await put(await makeCertificate('old', { notBefore: new Date(notAfter.getTime() - dayMs), notAfter }));
  await files.start();
  for (let i = 0; i < 5; i++) await nextLook();
  expect(warnings()).toEqual(['the certificate has expired: viewers and publishers will refuse it']);
  expect(Math.abs(files.validUntilMs - notAfter.getTime())).toBeLessThan(1000);
});

test('the end of a certificate is warned of a week before, and when it has come', async () => {
  const notAfter = new Date(Date.now() + 8 * dayMs);
  await put(await makeCertificate('old', { notAfter }));
  await files.start();
  expect(warnings()).toEqual([]);
  clock.advance(1.5 * dayMs);
  await nextLook();
  expect(warnings()).toEqual(['the certificate expires soon']);
  clock.advance(8 * dayMs);
  await nextLook();
  expect(warnings().length).toBe(2);
  expect(warnings()[1]).toContain('has expired');
});

test('a certificate of tomorrow is warned of', async () => {
  const notBefore = new Date(Date.now() + dayMs);
  await put(await makeCertificate('early', { notBefore, notAfter: new Date(Date.now() + 90 * dayMs) }));
  await files.start();
  expect(warnings()).toEqual(['the certificate is not valid yet: viewers and publishers will refuse it']);
});

test('nothing is looked at any more after the stop', async () => {
  await put(await makeCertificate('old'));
  await files.start();
  await Promise.all([files.stop(), files.stop()]);
  await put(await makeCertificate('new'));
  const before = clock.scheduled;
  clock.advance(10 * lookEveryMs);
  await files.reload();
  expect([changes, clock.scheduled]).toEqual([[], before]);
});
