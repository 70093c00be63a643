/** What the service manager that started this process has put into its environment (sd_notify(3), sd_listen_fds(3)). */
export interface HostEnvironment {
  /** Unix datagram socket that wants to hear of us: a path, or `@` and an abstract name. */
  readonly notifySocket: string | undefined;
  /** A process other than this one was started by it, and is taken for the service. */
  readonly isIndirect: boolean;
  /** How often it must hear that the service is well, at least. */
  readonly watchdogMs: number | undefined;
  /** Sockets that listen already: descriptors from 3 on, by their names. */
  readonly socketNames: readonly string[];
}

const names = [
  ...['NOTIFY_SOCKET', 'SYSTEMD_EXEC_PID', 'WATCHDOG_USEC', 'WATCHDOG_PID'],
  ...['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'],
];

/** Reads it, and takes it out of the environment: it is not meant for children. What is said to another process is ignored. */
export function takeHostEnvironment(env: NodeJS.ProcessEnv, pid: number): HostEnvironment {
  const said = Object.fromEntries(names.map((name) => [name, env[name]]));
  for (const name of names) delete env[name];
  const isForUs = (other: string | undefined) => other === undefined || Number(other) === pid;
  const watchdogMs = Number(said.WATCHDOG_USEC) / 1000;
  const count = said.LISTEN_PID !== undefined && isForUs(said.LISTEN_PID) ? Number(said.LISTEN_FDS) : 0;
  const socketNames = (said.LISTEN_FDNAMES ?? '').split(':');
  return {
    notifySocket: /^[/@]./.test(said.NOTIFY_SOCKET ?? '') ? said.NOTIFY_SOCKET : undefined,
    isIndirect: !isForUs(said.SYSTEMD_EXEC_PID),
    watchdogMs: watchdogMs > 0 && isForUs(said.WATCHDOG_PID) ? watchdogMs : undefined,
    socketNames: Array.from({ length: Math.max(count, 0) || 0 }, (_, index) => socketNames[index] || 'unknown'),
  };
}
