import type { AppHealth } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import type { HostEnvironment } from '../host/environment.ts';
import { HandedSockets } from '../host/handed-sockets.ts';
import { type HostAddon, loadHostAddon } from '../host/native.ts';
import { type Health, ServiceManager } from '../host/service-manager.ts';
import type { Log } from '../observability/log.ts';

/**
 * What the service manager has handed over, and how it is told how the server does; without one, neither does anything.
 * Throws LISTEN_SOCKET_UNKNOWN or HOST_ADDON_UNAVAILABLE.
 */
export function hostOf(environment: HostEnvironment, config: Config, log: Log) {
  const { notifySocket, socketNames } = environment;
  let loaded: HostAddon | undefined;
  const addon = () => {
    loaded ??= loadHostAddon(config.dataDir);
    return loaded;
  };
  const sockets = new HandedSockets(socketNames, addon);
  if (notifySocket !== undefined || socketNames.length > 0) addon(); // what cannot work is to be known at the start
  if (socketNames.length > 0) log.info({ sockets: socketNames }, 'listening on sockets of the service manager');
  if (sockets.count('rtmps') > 0 && config.rtmp.tls === undefined) {
    log.warn({ socket: 'rtmps' }, 'a socket was handed over that nobody listens on: rtmp.tls is not configured');
  }
  const send = (address: string, text: string) => addon().sendDatagram(address, text);
  const manager = new ServiceManager({ ...environment, pid: process.pid, send, clock: systemClock, log });
  return { sockets, manager };
}

/** What `systemctl status` shows. */
export function healthFor({ broadcasts, viewers, silentMs }: AppHealth): Health {
  const count = (number: number, name: string) => `${number} ${name}${number === 1 ? '' : 's'}`;
  return { status: `${count(broadcasts, 'broadcast')}, ${count(viewers, 'viewer')}`, silentMs };
}
