/** What can be started and stopped. Constructing does nothing outside; `stop` closes all that `start` opened, and may be called twice. */
export interface Service {
  /** Resolves when ready; rejects with the cause, having closed what it had opened. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
