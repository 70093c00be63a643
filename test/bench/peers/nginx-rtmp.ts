import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerKind } from './peer.ts';
import { freePorts, makeServerFolder, startServer } from './server-process.ts';

const executable = '/usr/sbin/nginx';
const rtmpModule = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/** Debian's nginx with its RTMP module: HLS and DASH of 2 s fragments, written to memory, as its users configure it. */
export const nginxRtmp: PeerKind = {
  name: 'nginx-rtmp',
  work: 'RTMP in, HLS + DASH (2 s) to tmpfs',
  missing: () =>
    existsSync(executable) && existsSync(rtmpModule)
      ? undefined
      : 'nginx with its RTMP module is not installed: apt-get install -y --no-install-recommends nginx-light libnginx-mod-rtmp',
  async start(signal) {
    const folder = makeServerFolder();
    const [rtmpPort = 0, httpPort = 0] = await freePorts(2);
    mkdirSync(join(folder, 'hls'));
    mkdirSync(join(folder, 'dash'));
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, rtmpPort, httpPort));
    const args = ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'];
    const server = await startServer({ command: executable, args, folder, port: rtmpPort, signal });
    return {
      pid: server.pid,
      publishUrl: (index) => `rtmp://127.0.0.1:${rtmpPort}/live/bench${index}`,
      playlistUrl: (index) => `http://127.0.0.1:${httpPort}/hls/bench${index}.m3u8`,
      stop: server.stop,
    };
  },
};

function configuration(folder: string, rtmpPort: number, httpPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `load_module ${rtmpModule};
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
rtmp {
  server {
    listen 127.0.0.1:${rtmpPort};
    chunk_size 4096;
    application live {
      live on;
      hls on; hls_path ${folder}/hls; hls_fragment 2s; hls_playlist_length 30s;
      dash on; dash_path ${folder}/dash; dash_fragment 2s; dash_playlist_length 30s;
    }
  }
}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/tmp-${name};`).join(' ')}
  server {
    listen 127.0.0.1:${httpPort};
    location /hls { root ${folder}; types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; } }
  }
}
`;
}
