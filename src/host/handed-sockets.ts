import { StreamctlError } from '../base/errors.ts';
import type { HostAddon } from './native.ts';

/** Ports that can be handed over, by the names they go by. */
export type PortName = 'http' | 'rtmp' | 'rtmps';

/** The first descriptor that is handed over (sd_listen_fds(3)). */
const firstDescriptor = 3;

/**
 * Sockets that listen already and outlive this process: what connects while it restarts waits in them. They are only ever lent:
 * each listener gets descriptors of its own, because Node closes what it listened on, also with a thread that dies.
 */
export class HandedSockets {
  private readonly descriptors: Readonly<Record<PortName, number[]>> = { http: [], rtmp: [], rtmps: [] };
  private readonly addon: () => HostAddon;

  /** `names`: of the descriptors from 3 on. Throws LISTEN_SOCKET_UNKNOWN: what connected to such a socket would wait for ever. */
  constructor(names: readonly string[], addon: () => HostAddon) {
    this.addon = addon;
    for (const [index, given] of names.entries()) {
      const name = given.replace(/^streamctl-(.*)\.socket$/, '$1');
      if (!Object.hasOwn(this.descriptors, name)) throw new StreamctlError('LISTEN_SOCKET_UNKNOWN', { name: given });
      this.descriptors[name as PortName].push(firstDescriptor + index);
    }
  }

  /** How many there are for a port: none where the program has to open it itself. */
  count(name: PortName): number {
    return this.descriptors[name].length;
  }

  /**
   * Descriptors for one of `of` listeners on a port, which are theirs to close. Every socket has a listener, whatever the numbers
   * are; where there are fewer sockets than listeners, some share one. Throws HOST_ADDON_UNAVAILABLE.
   */
  lend(name: PortName, index = 0, of = 1): number[] {
    return share(this.descriptors[name], index, of).map((descriptor) => {
      const copy = this.addon().duplicate(descriptor);
      if (copy < 0) throw new StreamctlError('HOST_ADDON_UNAVAILABLE', { reason: `duplicate: error ${-copy}` });
      return copy;
    });
  }
}

function share(descriptors: readonly number[], index: number, of: number): readonly number[] {
  const count = descriptors.length;
  if (count < of) return count === 0 ? [] : [descriptors[index % count]!];
  return descriptors.filter((_, position) => position % of === index);
}
