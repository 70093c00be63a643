import { StreamctlError } from '../../base/errors.ts';
import { tlsErrorCodes } from '../../base/failure-text.ts';

/** An error of Postgres (with an SQLSTATE), of the system, of TLS or of pg itself. */
interface PostgresError extends Error {
  readonly code?: string;
}

/** SQLSTATEs (PostgreSQL Appendix A) after which the connection is of no use, or of none for now. */
const unreachableStates = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: it starts
  '57P05', // idle_session_timeout
  '25006', // read_only_sql_transaction: it is a replica by now
  '25P03', // idle_in_transaction_session_timeout
  '53300', // too_many_connections
]);
const lockedStates = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '57014', // query_canceled: it took too long
]);
const refusedStates = new Set([
  '28000', // invalid_authorization_specification
  '28P01', // invalid_password
  '3D000', // invalid_catalog_name
  '42501', // insufficient_privilege
]);
const fullStates = new Set(['53100' /* disk_full */]);

/** Errors of Node while it connects, looks a name up, reads or writes. */
const systemErrors = /^E[A-Z]+$|^EAI_/;
/** What pg says without a code. */
const clientErrors =
  /^(Connection terminated|Connection ended|timeout (exceeded|expired)|Query read timeout|Client has encountered|Client was closed|Cannot use a pool)/;

/** Maps what Postgres or the way to it says to what a person can do; what it does not know passes through. */
export function postgresError(error: unknown, path: string): unknown {
  if (!(error instanceof Error)) return error;
  const { code = '', message } = error as PostgresError;
  const options = { cause: error };
  if (lockedStates.has(code)) return new StreamctlError('STORE_LOCKED', { path }, options);
  if (fullStates.has(code)) return new StreamctlError('STORE_FULL', { path }, options);
  if (refusedStates.has(code)) return new StreamctlError('STORE_ACCESS_REFUSED', { path, reason: message }, options);
  if (tlsErrorCodes.test(code) || message.startsWith('The server does not support SSL')) {
    return new StreamctlError('STORE_TLS_FAILED', { path, reason: code || message }, options);
  }
  if (systemErrors.test(code) || unreachableStates.has(code) || code.startsWith('08')) {
    return new StreamctlError('STORE_UNREACHABLE', { path, reason: message || code }, options);
  }
  if (code === '' && clientErrors.test(message)) {
    return new StreamctlError('STORE_UNREACHABLE', { path, reason: message }, options);
  }
  return error;
}

/** Whether a connection may be used again after `error`, as `postgresError` made it. */
export function endsConnection(error: unknown): boolean {
  return error instanceof StreamctlError && ['STORE_UNREACHABLE', 'STORE_TLS_FAILED'].includes(error.code);
}
