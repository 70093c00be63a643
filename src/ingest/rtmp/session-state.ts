/** The life of one RTMP connection. */
const sessionTransitions = {
  handshake: ['connecting', 'closing', 'closed'],
  /** Until the connect command was accepted. */
  connecting: ['connected', 'closing', 'closed'],
  /** Free to publish, before or after having done so. */
  connected: ['authorizing', 'closing', 'closed'],
  /** The key is being checked: the socket is not read. */
  authorizing: ['publishing', 'closing', 'closed'],
  publishing: ['connected', 'closing', 'closed'],
  /** The last words are on their way: what still comes is thrown away. */
  closing: ['closed'],
  closed: [],
} as const satisfies Record<string, readonly string[]>;

export type SessionState = keyof typeof sessionTransitions;

export function canEnter(from: SessionState, to: SessionState): boolean {
  return (sessionTransitions[from] as readonly SessionState[]).includes(to);
}
