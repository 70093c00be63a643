/** Writes results: one JSON object a line to stdout for programs, and a table to stderr for people. */
export class Report {
  private readonly bench: string;
  private readonly startedAt = new Date().toISOString();

  constructor(bench: string) {
    this.bench = bench;
  }

  line(result: Record<string, unknown>): void {
    process.stdout.write(`${JSON.stringify({ bench: this.bench, run: this.startedAt, ...result })}\n`);
  }

  progress(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
  }

  /** The first row is the heading. Numbers stand right, words left. */
  table(rows: readonly (readonly (string | number)[])[]): void {
    const cells = rows.map((row) => row.map(String));
    const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
    const isNumber = (text: string) => /^[-+]?[\d.]+( ×)?$/.test(text);
    for (const row of cells) {
      const line = row.map((cell, column) =>
        isNumber(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      );
      process.stderr.write(`${line.join('  ').trimEnd()}\n`);
    }
  }
}
