import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { makeLiveClip } from '../support/clips.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('thumbnails');
});

afterAll(() => folder?.remove());

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

function overHttp11(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, rejectUnauthorized: false, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) });
      });
    });
    sent.on('error', reject).end();
  });
}

function overHttp2(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { origin, pathname } = new URL(url);
  const session = connect(origin, { rejectUnauthorized: false });
  return new Promise<Answer>((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':path': pathname, ...headers });
    const pieces: Buffer[] = [];
    let answered: Record<string, unknown> = {};
    stream.on('response', (fields) => {
      answered = fields;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      resolve({ status: Number(answered[':status']), headers: answered, body: Buffer.concat(pieces) });
    });
    stream.on('error', reject);
  }).finally(() => session.close());
}

/** As ffprobe, who was not asked before, reads it. */
async function sizeOf(jpeg: Buffer): Promise<string> {
  const file = join(folder.path, `${jpeg.length}.jpg`);
  await writeFile(file, jpeg);
  const args = ['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', file];
  return execFileSync('ffprobe', args).toString().trim();
}

test('a small source has a picture though nothing is transcoded: over TLS, by HTTP/1.1 and HTTP/2, from two threads alike', async () => {
  const pair = await makeCertificate();
  const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
  await writeFile(cert, pair.cert);
  await writeFile(key, pair.key);
  const server = await TestServer.start({
    env: {
      STREAMCTL_LADDER_MODE: 'auto',
      STREAMCTL_HTTP_THREADS: '2',
      STREAMCTL_HTTP_TLS_CERT: cert,
      STREAMCTL_HTTP_TLS_KEY: key,
    },
  });
  const file = await makeLiveClip(folder.path, { width: 640, height: 360, keyframeSeconds: 1 }, 60);
  const url = `${server.httpUrl}/thumb/small.jpg`;
  expect(await overHttp11(url)).toMatchObject({ status: 404 });
  const publisher = publishClip({ url: server.rtmpUrl, key: 'small' }, file);
  const first = await until('there is a picture', async () => {
    const answer = await overHttp11(url);
    return answer.status === 200 && answer;
  });
  expect(await sizeOf(first.body)).toBe('mjpeg,640,360');
  expect(first.headers).toMatchObject({ 'content-type': 'image/jpeg', 'access-control-allow-origin': '*' });
  // Connections spread over both threads; whichever answers has the same picture, until there is a newer one.
  await eventually(async () => {
    const now = await overHttp11(url);
    const tag = { 'if-none-match': String(now.headers.etag) };
    const date = { 'if-modified-since': String(now.headers['last-modified']) };
    const again = [tag, date, tag, date].flatMap((headers) => [overHttp11(url, headers), overHttp2(url, headers)]);
    expect((await Promise.all(again)).map(({ status }) => status)).toEqual(Array(8).fill(304));
    expect((await overHttp2(url)).body).toEqual(now.body);
  });
  await publisher.kill();
  await until('it is interrupted', async () =>
    (await server.command('streams', 'list')).stdout.includes('interrupted'),
  );
  expect((await overHttp2(url)).status).toBe(200);
  await server.dispose();
});

test('a broadcast with a ladder has its picture from the ladder’s own ffmpeg, also where all runs in one thread', async () => {
  const server = await TestServer.start({ env: { STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_HTTP_THREADS: '0' } });
  await until('it is known what this machine can do', () => server.log.includes('ready to transcode'));
  const file = await makeLiveClip(folder.path, { width: 1280, height: 720, fps: 30, videoKbps: 2500 }, 40);
  const publisher = publishClip({ url: server.rtmpUrl, key: 'large' }, file);
  const get = async () => {
    const response = await fetch(`${server.httpUrl}/thumb/large.jpg`);
    return response.ok && { etag: response.headers.get('etag'), body: Buffer.from(await response.arrayBuffer()) };
  };
  const first = await until('there is a picture', get);
  expect(await sizeOf(first.body)).toBe('mjpeg,640,360');
  const next = await until('the next one comes', async () => {
    const now = await get();
    return now && now.etag !== first.etag && now;
  });
  expect(next.body).not.toEqual(first.body);
  expect(await (await fetch(`${server.httpUrl}/`)).text()).toMatch(/src="\/thumb\/large\.jpg\?at=\d{13}"/);
  await publisher.stop();
  await server.dispose();
});
