import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultRungs } from '../../../src/config/ladder.ts';
import { buildConfig } from '../../../src/config/load.ts';
import { certificateFinding } from '../../../src/doctor/host/certificates.ts';
import { quotaFindings } from '../../../src/doctor/host/cpu-quota.ts';
import { folderFinding } from '../../../src/doctor/host/data-folder.ts';
import { roomFinding, speedFinding } from '../../../src/doctor/host/disk.ts';
import { backlogFinding } from '../../../src/doctor/host/kernel.ts';
import { memoryFinding } from '../../../src/doctor/host/memory.ts';
import { openFilesFinding } from '../../../src/doctor/host/open-files.ts';
import { listeningInodes } from '../../../src/doctor/host/port-holder.ts';
import { checkPorts } from '../../../src/doctor/host/ports.ts';
import { clockFinding } from '../../../src/doctor/host/wall-clock.ts';
import { capacityText, ladderCapacities } from '../../../src/doctor/ladder-capacity.ts';
import { ticksOf } from '../../../src/doctor/machine-load.ts';
import { referenceCosts, scaleCosts } from '../../../src/transcode/cost-model.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { tempDir } from '../../support/temp-dir.ts';

const limits = (soft: string) =>
  `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}       4096   files\n`;

describe('open files', () => {
  test.each([
    ['1024', 'auto', 'warning'],
    ['1048576', 'auto', 'ok'],
    ['unlimited', 'auto', 'ok'],
    ['20000', 50_000, 'problem'],
    ['20000', 10_000, 'ok'],
  ] as const)('a limit of %s with http.max_connections %s is %s', (soft, maxConnections, severity) => {
    expect(openFilesFinding(limits(soft), maxConnections, false).severity).toBe(severity);
  });
});

describe('ports', () => {
  test('a port that another program holds is a problem, with the program named; a free one is not', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as { port: number };
      const flagValues = { 'http.listen': `127.0.0.1:${port}`, 'rtmp.listen': '127.0.0.1:0' };
      const { config } = buildConfig({ flag: undefined, env: {}, cwd: '/', flagValues }, undefined);
      const { signal } = new AbortController();
      const [http, rtmp] = await checkPorts({ config, server: undefined, signal });
      expect(http).toMatchObject({ code: 'port-taken', severity: 'problem' });
      expect(http?.found).toContain(`process ${process.pid}`);
      expect(rtmp).toMatchObject({ code: 'port', severity: 'ok' });
      const ours = { pid: process.pid, version: '1', uptimeSeconds: 1 };
      expect((await checkPorts({ config, server: ours, signal }))[0]).toMatchObject({ code: 'port', severity: 'ok' });
    } finally {
      taken.close();
    }
  });

  test('only listening sockets of that very port count', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 00000000:078F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1',
      '   1: 0100007F:078F 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 222 1',
      '   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1',
    ].join('\n');
    expect(listeningInodes(table, 1935)).toEqual(['111']);
  });
});

describe('the clock', () => {
  const facts = { isSynchronised: true, keeper: undefined, stepMs: 0, wallMs: Date.UTC(2027, 0) };
  test.each([
    ['kept', {}, 'clock', 'ok'],
    ['kept by a program that is known', { isSynchronised: undefined, keeper: 'chronyd' }, 'clock', 'ok'],
    ['not kept', { isSynchronised: false }, 'clock-not-kept', 'warning'],
    ['nobody can tell', { isSynchronised: undefined }, 'clock-unknown', 'note'],
    ['set while we look', { stepMs: -900 }, 'clock-stepped', 'warning'],
    ['in another century', { wallMs: 0 }, 'clock-wrong', 'problem'],
  ] as const)('%s', (_name, different, code, severity) => {
    expect(clockFinding({ ...facts, ...different })).toMatchObject({ code, severity });
  });
});

describe('disk and memory', () => {
  test.each([
    [50e9, 'ok'],
    [500e6, 'warning'],
    [50e6, 'problem'],
  ] as const)('%d free bytes are %s', (bytes, severity) => expect(roomFinding('/x', bytes).severity).toBe(severity));

  test('a disk that takes long to be safe is slow however fast it streams', () => {
    expect(speedFinding('/x', { writeBytesPerSecond: 500e6, commitMs: 2 }).severity).toBe('ok');
    expect(speedFinding('/x', { writeBytesPerSecond: 500e6, commitMs: 250 }).code).toBe('disk-slow');
  });

  test('memory is told in windows of broadcasts', () => {
    expect(memoryFinding(8e9, 4e9, 30_000, false)).toMatchObject({
      severity: 'ok',
      figures: { renditions_of_6_mbit: 74 },
    });
    expect(memoryFinding(2e9, 4e9, 30_000, false).code).toBe('memory-taken');
    expect(memoryFinding(2e9, 4e9, 30_000, true).severity).toBe('ok');
    expect(memoryFinding(8e9, 50e6, 30_000, false).code).toBe('memory-little');
  });
});

describe('certificates', () => {
  const dayMs = 86_400_000;

  async function pairIn(dir: string) {
    const notAfter = new Date(Date.now() + 60 * dayMs);
    const { cert, key } = await makeCertificate('live.example.org', { notAfter });
    const at = { path: 'http.tls', certPath: join(dir, 'cert.pem'), keyPath: join(dir, 'key.pem'), hostName: '' };
    writeFileSync(at.certPath, cert);
    writeFileSync(at.keyPath, key);
    return at;
  }

  test('is fine, expires soon, has expired, is for another host, does not match its key, or is not there', async () => {
    const dir = tempDir();
    const at = await pairIn(dir);
    const now = Date.now();
    expect(certificateFinding(at, now)).toMatchObject({ code: 'certificate', severity: 'ok' });
    expect(certificateFinding(at, now - 2 * dayMs).code).toBe('certificate-early');
    expect(certificateFinding(at, now + 55 * dayMs).code).toBe('certificate-soon');
    expect(certificateFinding(at, now + 61 * dayMs)).toMatchObject({
      code: 'certificate-expired',
      severity: 'problem',
    });
    expect(certificateFinding({ ...at, hostName: 'other.example.org' }, now).code).toBe('certificate-other-host');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(at.keyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(certificateFinding(at, now).code).toBe('certificate-unusable');
    expect(certificateFinding({ ...at, certPath: join(dir, 'none.pem') }, now).code).toBe('certificate-unusable');
  });
});

describe('the data folder', () => {
  const own = { uid: 1000, mode: 0o100600 };
  const files = [
    { name: 'streamctl.db', stat: own },
    { name: 'pepper', stat: own },
  ];

  test('files of another user, and secrets that others may read, are told with what to type', () => {
    expect(folderFinding('/d', own, files, 1000).severity).toBe('ok');
    const foreign = [...files, { name: 'streamctl.db-wal', stat: { uid: 0, mode: 0o100600 } }];
    expect(folderFinding('/d', own, foreign, undefined)).toMatchObject({
      code: 'data-folder-owner',
      remedy: 'chown -R 1000 /d',
    });
    expect(folderFinding('/d', own, files, 2000).severity).toBe('problem');
    const open = [{ name: 'pepper', stat: { uid: 1000, mode: 0o100644 } }];
    expect(folderFinding('/d', own, open, 1000)).toMatchObject({
      code: 'data-folder-open',
      remedy: 'chmod go= /d/pepper',
    });
  });
});

describe('the processor', () => {
  const capacities = (cores: number, ratio: number) =>
    ladderCapacities({
      budgetCores: 0.8 * cores,
      costs: scaleCosts(referenceCosts, ratio),
      encoder: 'x264',
      levels: defaultRungs,
    });

  test('is told in broadcasts with their qualities', () => {
    expect(capacityText(capacities(8, 1))).toBe('11 of 1080p30 with 720p+480p+360p, or 27 of 720p30 with 480p+360p');
    expect(capacityText(capacities(1, 3))).toMatch(/^none of 1080p30 with 480p\+360p, or 1 of 720p30/);
  });

  test('a quota of a container below the cores it sees is a warning', () => {
    expect(quotaFindings('max 100000\n', 16)).toEqual([]);
    expect(quotaFindings('200000 100000\n', 16)).toMatchObject([
      { code: 'cpu-quota', remedy: expect.stringContaining('10%') },
    ]);
  });

  test('time of the machine counts as busy unless it was idle or waited for a disk', () => {
    expect(ticksOf('cpu  10 20 30 100 40 1 2 3 0 0\ncpu0 1 1 1 1\n')).toEqual({ busy: 66, all: 206 });
  });
});

test('a backlog below what playback asks for is a warning', () => {
  expect(backlogFinding(128).severity).toBe('warning');
  expect(backlogFinding(4096).severity).toBe('ok');
});
