/** Sockets that listen already, lent to who serves a port. */
export interface PortSockets {
  /** How many there are for a port. */
  count(port: 'http' | 'rtmp' | 'rtmps'): number;
  /** New descriptors for the listener `index` of `of` on a port: its own, to be closed by it. None: it opens the port itself. */
  lend(port: 'http' | 'rtmp' | 'rtmps', index?: number, of?: number): number[];
}
