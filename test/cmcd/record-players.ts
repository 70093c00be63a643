/**
 * Records what real players send: `node test/cmcd/record-players.ts`. Chromium plays a broadcast of the server under test through a proxy
 * that notes every CMCD text; the result replaces the files of test/vectors/cmcd, one text a line.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { cmcdHeaders, cmcdOfQuery, decodeQueryValue } from '../../src/cmcd/request-parts.ts';
import { BrowserPlayers, type CmcdSettings, type Engine } from '../support/players/browser-players.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';

const folder = join(import.meta.dirname, '../vectors/cmcd');
const playSeconds = 7;

class Recorder {
  readonly texts = new Set<string>();
  private readonly target: string;
  private readonly server = createServer((incoming, response) => this.pass(incoming, response));

  constructor(target: string) {
    this.target = target;
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private pass(incoming: IncomingMessage, response: ServerResponse): void {
    if (incoming.method === 'POST') {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        for (const line of Buffer.concat(chunks).toString().split('\n')) this.note(line);
        response.writeHead(204, { 'access-control-allow-origin': '*' }).end();
      });
      return;
    }
    if (incoming.method === 'OPTIONS') {
      const allowed = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*, content-type' };
      response.writeHead(204, allowed).end();
      return;
    }
    const query = cmcdOfQuery(incoming.url?.split('?')[1] ?? '');
    this.note(decodeQueryValue(query ?? '') ?? '');
    this.note(cmcdHeaders.flatMap((name) => incoming.headers[name] ?? []).join(','));
    const onward = request(this.target + incoming.url, { headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end();
  }

  private note(text: string): void {
    if (text !== '') this.texts.add(text);
  }
}

const server = await TestServer.start();
const publisher = publishTestPicture({ url: server.rtmpUrl, key: 'cmcd' }, 200, { keyframeSeconds: 1 });
const players = await BrowserPlayers.launch();
await server.isOnAir('cmcd');
const plays: readonly [Engine, 'hls' | 'dash'][] = [
  ['hls.js', 'hls'],
  ['shaka', 'hls'],
  ['shaka', 'dash'],
  ['dash.js', 'dash'],
];
mkdirSync(folder, { recursive: true });
for (const [engine, format] of plays) {
  for (const [version, useHeaders] of [
    [1, false],
    [1, true],
    [2, false],
    [2, true],
  ] as const) {
    const recorder = new Recorder(server.httpUrl);
    const url = await recorder.start();
    const settings: CmcdSettings = {
      version,
      useHeaders,
      sessionId: `${engine}-v${version}`,
      contentId: 'cmcd',
      ...(version === 2 ? { eventUrl: `${url}/cmcd` } : {}),
    };
    const path = new URL(server.playback('cmcd')[format]).pathname;
    const play = await players.start(engine, url + path, settings);
    await new Promise((resolve) => setTimeout(resolve, playSeconds * 1000));
    await play.close();
    recorder.stop();
    const name = `${engine}-${format}-v${version}-${useHeaders ? 'headers' : 'query'}.txt`;
    writeFileSync(join(folder, name), `${[...recorder.texts].join('\n')}\n`);
    console.log(name, recorder.texts.size);
  }
}
await players.close();
await publisher.stop();
await server.dispose();
