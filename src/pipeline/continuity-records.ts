import type { JsonValue } from '../store/ports/json-value.ts';
import type { StreamStore } from '../store/ports/stream-store.ts';
import type { Continuity } from '../stream/continuity.ts';
import { continuityToJson } from '../stream/continuity-json.ts';
import type { StreamJournal } from './stream-journal.ts';

/** Keeps the store's continuity of streams fresh: of each stream only the newest waits, however long the store is away. */
export class ContinuityRecords {
  private readonly store: Pick<StreamStore, 'saveContinuity'>;
  private readonly journal: Pick<StreamJournal, 'write'>;
  private readonly unsaved = new Map<string, JsonValue>();
  private isQueued = false;

  constructor(store: Pick<StreamStore, 'saveContinuity'>, journal: Pick<StreamJournal, 'write'>) {
    this.store = store;
    this.journal = journal;
  }

  save(entries: readonly { readonly streamId: string; readonly continuity: Continuity }[]): void {
    for (const { streamId, continuity } of entries) {
      this.unsaved.set(streamId, continuityToJson(continuity) as unknown as JsonValue);
    }
    this.queue();
  }

  /** The stream has ended: there is nothing to continue with. */
  forget(streamId: string): void {
    this.unsaved.delete(streamId);
  }

  private queue(): void {
    if (this.isQueued || this.unsaved.size === 0) return;
    this.isQueued = true;
    this.journal.write(
      () => this.write(),
      () => {
        this.isQueued = false; // what comes next second takes along what is unsaved
      },
    );
  }

  private async write(): Promise<void> {
    const rows = [...this.unsaved].map(([streamId, continuity]) => ({ streamId, continuity }));
    await this.store.saveContinuity(rows);
    for (const { streamId, continuity } of rows) {
      if (this.unsaved.get(streamId) === continuity) this.unsaved.delete(streamId);
    }
    this.isQueued = false;
    this.queue();
  }
}
