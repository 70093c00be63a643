import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PeerKind } from './peer.ts';
import { freePorts, makeServerFolder, startServer } from './server-process.ts';

const script = resolve(import.meta.dirname, '../../../node_modules/node-media-server/bin/app.js');

/** node-media-server 4, which takes RTMP in and hands FLV out. It packages nothing, so its figure is for ingest alone. */
export const nodeMediaServer: PeerKind = {
  name: 'node-media-server',
  work: 'RTMP in, no packaging',
  missing: () => (existsSync(script) ? undefined : 'node-media-server is not installed: npm ci'),
  async start(signal) {
    const folder = makeServerFolder();
    const [rtmpPort = 0, httpPort = 0] = await freePorts(2);
    const file = join(folder, 'config.json');
    writeFileSync(
      file,
      JSON.stringify({
        bind: '127.0.0.1',
        rtmp: { port: rtmpPort },
        http: { port: httpPort },
        store: { path: join(folder, 'data') },
        auth: { play: false, publish: false },
        webadmin: { enable: false },
      }),
    );
    const args = [script, '--config', file];
    const server = await startServer({ command: process.execPath, args, folder, port: rtmpPort, signal });
    return {
      pid: server.pid,
      publishUrl: (index) => `rtmp://127.0.0.1:${rtmpPort}/live/bench${index}`,
      stop: server.stop,
    };
  },
};
