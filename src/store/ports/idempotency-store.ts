/** A request that may be sent twice, and what it was answered. */
export interface IdempotentRequest {
  /** Made of who asks and of the Idempotency-Key, so that neither can be read from it. */
  readonly id: string;
  /** Of method, path and body: the same key for something else is a mistake. */
  readonly requestHash: string;
  readonly createdAtMs: number;
  /** Sealed by who stores it, for it may hold a secret; null while the first request is under way, empty after it has failed. */
  readonly answer: string | null;
}

export interface IdempotencyStore {
  /** Notes that the request has begun; resolves with what is known where it had before. */
  begin(request: Omit<IdempotentRequest, 'answer'>): Promise<IdempotentRequest | undefined>;
  finish(id: string, answer: string): Promise<void>;
  /** The request failed: it may be made again at once. When it began stays known. */
  abandon(id: string): Promise<void>;
  /** Forgets what began before `beforeMs`. */
  prune(beforeMs: number): Promise<void>;
}
