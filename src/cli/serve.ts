import type { App, AppOptions } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { unavailableInThisBuild } from '../config/availability.ts';
import type { LoadedConfig } from '../config/load.ts';
import { takeHostEnvironment } from '../host/environment.ts';
import { createLog, type Log } from '../observability/log.ts';
import { StreamTraces } from '../tracing/stream-traces.ts';
import { healthFor, hostOf } from './host.ts';
import { reloadConfig } from './reload.ts';

export interface ServeOptions {
  /** Reads the configuration: once at the start, and again for every SIGHUP. */
  readonly load: () => Promise<LoadedConfig>;
  /** Resolves when the server runs; `stop` resolves when everything is drained and closed. */
  readonly startApp: (options: AppOptions) => Promise<Pick<App, 'stop' | 'reload' | 'health'>>;
}

/** Runs the server until a signal ends it; resolves with the exit code. */
export async function serve({ load, startApp }: ServeOptions): Promise<number> {
  const environment = takeHostEnvironment(process.env, process.pid);
  let loaded = await load();
  const { config, filePath } = loaded;
  const traces = new StreamTraces(systemClock);
  const log = createLog({
    ...config.log,
    isTerminal: process.stderr.isTTY === true,
    useColor: process.stderr.isTTY === true && !process.env.NO_COLOR,
    destination: process.stderr,
    context: (fields) => traces.logFields(fields),
  });
  for (const warning of loaded.warnings) log.warn({ warning }, 'configuration warning');
  for (const { path, why } of unavailableInThisBuild(config)) {
    log.warn({ path, why }, 'configured, but not available in this build');
  }
  // Without these a stack trace would go to stderr unredacted.
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'unexpected failure: the server stops');
    process.exit(1);
  });
  // Signals count from here on: one that comes while starting must not be lost.
  const ended = endingSignal(log);
  log.info({ config: filePath ?? 'defaults', data_dir: config.dataDir, pid: process.pid }, 'starting');
  const { sockets, manager } = hostOf(environment, config, log);
  let app: Awaited<ReturnType<typeof startApp>> | undefined;
  process.on('SIGHUP', () => {
    if (app === undefined) return; // the file has just been read
    const { reload } = app;
    manager.reloading();
    void reloadConfig(loaded, load, log)
      .then((next) => {
        loaded = next;
        return reload({ logLevel: next.config.log.level });
      })
      .finally(() => manager.ready());
  });
  const running = await startApp({ config, log, traces, sockets });
  app = running;
  manager.ready();
  const unwatch = manager.watch(() => healthFor(running.health()));
  await ended;
  unwatch();
  manager.stopping();
  await running.stop();
  log.info('server has stopped');
  return 0;
}

/** Resolves with the first SIGTERM or SIGINT; the second ends the process at once. */
async function endingSignal(log: Log): Promise<void> {
  await new Promise<void>((resolve) => {
    let isDraining = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isDraining) {
          log.warn({ signal }, 'exiting at once, without draining');
          process.exit(1);
        }
        isDraining = true;
        log.info({ signal }, 'draining; a second signal exits at once');
        resolve();
      });
    }
  });
}
