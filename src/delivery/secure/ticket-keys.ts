import { randomBytes } from 'node:crypto';

/**
 * Keys for TLS session tickets (RFC 5077 §4, RFC 8446 §4.6.1), 48 bytes: the name of the keys, HMAC-SHA-256 and AES-128-CBC, 16 each.
 * Listeners with the same keys resume one another's sessions. They live as long as the process, in memory only. Whoever reads them there
 * can open what was recorded of its TLS 1.2 connections, since those tickets carry the master secret; resumption in TLS 1.3 agrees on new
 * secrets (psk_dhe_ke) and keeps its forward secrecy.
 */
export function newTicketKeys(): Uint8Array {
  return randomBytes(48);
}
