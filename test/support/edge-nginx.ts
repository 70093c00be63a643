import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Child, run } from './child.ts';
import { temporaryFolder } from './temp-folder.ts';

const conf = resolve(import.meta.dirname, '../../packaging/edge/nginx.conf');

/** nginx cannot be told to take any. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

export interface EdgeNginx {
  /** Without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A real nginx with the configuration that is shipped, in front of a node at `nodeUrl`. */
export async function startEdgeNginx(nodeUrl: string): Promise<EdgeNginx> {
  const folder = await temporaryFolder('edge');
  const port = await freePort();
  const text = readFileSync(conf, 'utf8')
    .replace('streamctl:8080', new URL(nodeUrl).host)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('/run/nginx.pid', join(folder.path, 'nginx.pid'))
    .replaceAll('/var/cache/nginx', folder.path)
    .replace('worker_rlimit_nofile 65536;', '')
    .replace('worker_connections 16384', 'worker_connections 512');
  const file = join(folder.path, 'nginx.conf');
  // Its workers would be another user, who may not enter the folder.
  writeFileSync(file, `${process.getuid?.() === 0 ? 'user root;' : ''}\n${text}\n`);
  const checked = await run('/usr/sbin/nginx', ['-t', '-q', '-p', folder.path, '-c', file]);
  if (checked.code !== 0) throw new Error(`nginx refuses its configuration: ${checked.stderr}`);
  const nginx = new Child('/usr/sbin/nginx', ['-p', folder.path, '-c', file, '-g', 'daemon off;']);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await nginx.stop('SIGQUIT');
      await folder.remove();
    },
  };
}
