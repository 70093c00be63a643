import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pieces of secrets, looked for in everything that a server says and keeps. */
export class SecretSearch {
  private readonly needles = new Map<string, string>();
  private readonly found: string[] = [];
  private lookedThrough = 0;

  /** Any eleven characters in a row of it are one find; what is shorter tells nobody anything. */
  add(name: string, secret: string): void {
    if (secret.length < 12) throw new Error(`${name} is too short to be looked for`);
    for (let at = 0; at + 11 <= secret.length; at += 5) this.needles.set(secret.slice(at, at + 11), name);
  }

  /** `except`: names of secrets that belong there. */
  look(where: string, haystack: string | Buffer, except: readonly string[] = []): void {
    this.lookedThrough += haystack.length;
    const text = typeof haystack === 'string' ? haystack : haystack.toString('latin1');
    for (const [needle, name] of this.needles) {
      const at = text.indexOf(needle);
      if (at < 0 || except.includes(name)) continue;
      const around = text.slice(Math.max(0, at - 80), at + 40).replace(/\s+/g, ' ');
      this.found.push(`${name} in ${where}: …${around}…`);
    }
  }

  /** Every file below a folder, but those of these names. */
  lookInFolder(folder: string, except: readonly string[]): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || except.includes(entry.name)) continue;
      this.look(`the file ${entry.name}`, readFileSync(join(entry.parentPath, entry.name)));
    }
  }

  /** Arguments and environment of a process. */
  lookInProcess(name: string, pid: number): void {
    for (const file of ['cmdline', 'environ']) this.look(`${file} of ${name}`, readFileSync(`/proc/${pid}/${file}`));
  }

  /** One line a find: of one secret in one place only the first. */
  get finds(): string[] {
    return [...new Map(this.found.map((find) => [find.slice(0, find.indexOf('…')), find])).values()];
  }

  get sizeBytes(): number {
    return this.lookedThrough;
  }
}
