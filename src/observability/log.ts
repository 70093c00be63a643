import pino, { type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { isStreamctlError } from '../base/errors.ts';
import { redactSecrets } from '../base/redact.ts';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** `auto`: pretty where `isTerminal`, else JSON lines. */
  readonly format: 'auto' | 'json' | 'pretty';
  readonly isTerminal: boolean;
  readonly useColor: boolean;
  readonly destination: DestinationStream;
  /** What belongs beside the fields of a line: the trace of the stream that they name. */
  readonly context?: ((fields: object) => object) | undefined;
}

/** A log of constant sentences with fields. Secrets are taken out of every line, in whatever field they stand. */
export function createLog({ level, format, isTerminal, useColor, destination, context }: LogOptions): Log {
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: serializeError, error: serializeError },
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactSecrets },
      ...(context && { mixin: (fields) => ({ ...context(fields) }) }),
    },
    isPretty ? prettyStream(destination, useColor) : destination,
  );
}

function prettyStream(destination: DestinationStream, useColor: boolean): DestinationStream {
  const prettify = prettyFactory({ colorize: useColor, translateTime: 'SYS:HH:MM:ss.l' });
  return { write: (line) => destination.write(prettify(line)) };
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (isStreamctlError(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  return pino.stdSerializers.err(error);
}
