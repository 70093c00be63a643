/** One broken rule: its identity as in `docs`, where, and what was seen. */
export interface Finding {
  /** `HLS-05`, `LL-02`, `D-08`, `C-01`, … */
  readonly rule: string;
  readonly where: string;
  readonly detail: string;
}

/** Takes note of a broken rule. */
export type Report = (rule: string, detail: string) => void;

/** Collects findings; the same rule broken again at the same place is counted, not repeated. */
export class Findings {
  private readonly byKey = new Map<string, { finding: Finding; count: number; atSeconds: number }>();
  private readonly startedMs = performance.now();

  /** A reporter for one place. */
  at(where: string): Report {
    return (rule, detail) => this.add({ rule, where, detail });
  }

  add(finding: Finding): void {
    const key = `${finding.rule} ${finding.where}`;
    const known = this.byKey.get(key);
    if (known !== undefined) known.count++;
    else this.byKey.set(key, { finding, count: 1, atSeconds: (performance.now() - this.startedMs) / 1000 });
  }

  get all(): (Finding & { readonly count: number; readonly atSeconds: number })[] {
    return [...this.byKey.values()].map(({ finding, count, atSeconds }) => ({
      ...finding,
      count,
      atSeconds: Math.round(atSeconds * 10) / 10,
    }));
  }
}
