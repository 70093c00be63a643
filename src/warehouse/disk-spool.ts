import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionRow } from '../store/ports/session-store.ts';
import type { SessionBatch } from './session-inserts.ts';

/** A batch on disk. Its name tells its place in line, how many sessions it has, and its id. */
interface SpooledFile {
  readonly name: string;
  readonly rows: number;
  readonly sizeBytes: number;
}

const fileName = /^(\d{15})-(\d{1,6})-(\d{1,9})-([0-9a-f]{24})\.jsonl$/;

/**
 * Batches of sessions on their way to ClickHouse, in files, so that they outlive a restart. When there is no room, those behind the oldest are
 * given up: that one may be half there, and its next delivery makes it whole.
 */
export class DiskSpool {
  rowsDropped = 0;
  private readonly folder: string;
  private readonly maxBytes: number;
  private files: SpooledFile[] = [];
  private next = 1;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  get sizeBytes(): number {
    return this.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get rows(): number {
    return this.files.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Finds what an earlier server left. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(this.folder)).sort()) {
      const [, sequence, rows, sizeBytes] = fileName.exec(name) ?? [];
      if (sequence === undefined)
        await rm(join(this.folder, name), { force: true }); // half written
      else this.files.push({ name, rows: Number(rows), sizeBytes: Number(sizeBytes) });
      this.next = Math.max(this.next, Number(sequence ?? 0) + 1);
    }
  }

  /** Puts a batch at the end of the line. Rejects when it cannot be written. */
  async add({ id, rows }: SessionBatch): Promise<void> {
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const sizeBytes = Buffer.byteLength(text);
    while (this.files.length > 0 && this.sizeBytes + sizeBytes > this.maxBytes) await this.giveUp(1);
    const name = `${String(this.next++).padStart(15, '0')}-${rows.length}-${sizeBytes}-${id}.jsonl`;
    const path = join(this.folder, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
    this.files.push({ name, rows: rows.length, sizeBytes });
  }

  /** The batch that waits longest. Rejects when it cannot be read. */
  async oldest(): Promise<SessionBatch | undefined> {
    const [file] = this.files;
    if (file === undefined) return undefined;
    const text = await readFile(join(this.folder, file.name), 'utf8');
    const rows = text.split('\n').filter((line) => line !== '');
    return { id: fileName.exec(file.name)![4]!, rows: rows.map((line) => JSON.parse(line) as SessionRow) };
  }

  async remove(id: string): Promise<void> {
    const file = this.files.find(({ name }) => name.endsWith(`-${id}.jsonl`));
    if (file === undefined) return; // it was given up meanwhile
    this.files = this.files.filter((other) => other !== file);
    await rm(join(this.folder, file.name), { force: true });
  }

  /** Gives the oldest batch up, counted. */
  async dropOldest(): Promise<void> {
    await this.giveUp(0);
  }

  private async giveUp(at: number): Promise<void> {
    const [file] = this.files.splice(Math.min(at, this.files.length - 1), 1);
    if (file === undefined) return;
    this.rowsDropped += file.rows;
    await rm(join(this.folder, file.name), { force: true });
  }
}
