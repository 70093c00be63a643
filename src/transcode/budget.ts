/** One rung that somebody would like to have. */
export interface BudgetRung {
  readonly name: string;
  readonly costCores: number;
  readonly encoderThreads: number;
}

export interface BudgetBroadcast {
  readonly id: string;
  /** Taken once, with the first rung. */
  readonly decodeCostCores: number;
  /** Best first. */
  readonly rungs: readonly BudgetRung[];
  /** The first rung is in the source's place: it comes before all others, which need it. */
  readonly needsTop?: boolean;
  /** Names of those that are being made now. */
  readonly running: readonly string[];
}

export interface BudgetShare {
  readonly id: string;
  /** Names of the rungs to make, best first. */
  readonly offered: readonly string[];
  readonly withheld: readonly { readonly name: string; readonly why: string }[];
}

/** Share of a frame's time that one ffmpeg may spend on it: it does one thing after the other. */
const serialShare = 0.8;

interface Plan {
  readonly broadcast: BudgetBroadcast;
  readonly chosen: Set<string>;
  readonly reasons: Map<string, string>;
}

/**
 * Which rungs of which broadcasts are made with `capacityCores` (cores × `ladder.cpu_budget`). What runs goes on running while it
 * fits, older broadcasts (first in the list) before newer ones, and so does what stands in a source's place; what is left is given
 * out in rounds, the smallest rung of every broadcast first, since it costs least and serves those who need it most. A rung comes
 * only with all below it.
 */
export function shareBudget(broadcasts: readonly BudgetBroadcast[], capacityCores: number): BudgetShare[] {
  const plans = broadcasts.map((broadcast): Plan => ({ broadcast, chosen: new Set(), reasons: new Map() }));
  let leftCores = capacityCores;
  const offer = (plan: Plan, rung: BudgetRung): void => {
    const costCores = rung.costCores + (plan.chosen.size === 0 ? plan.broadcast.decodeCostCores : 0);
    const why = whyNot(plan, rung, costCores, leftCores, capacityCores);
    if (why !== undefined) {
      plan.reasons.set(rung.name, why);
      return;
    }
    plan.chosen.add(rung.name);
    plan.reasons.delete(rung.name);
    leftCores -= costCores;
  };
  for (const plan of plans) {
    const { needsTop, rungs, running } = plan.broadcast;
    const [top] = rungs;
    if (needsTop && top !== undefined) offer(plan, top);
    for (const rung of rungs.toReversed()) {
      if (running.includes(rung.name) && !plan.chosen.has(rung.name)) offer(plan, rung);
    }
  }
  const rounds = Math.max(0, ...broadcasts.map((broadcast) => broadcast.rungs.length));
  for (let fromBottom = 1; fromBottom <= rounds; fromBottom++) {
    for (const plan of plans) {
      const rung = plan.broadcast.rungs.at(-fromBottom);
      if (rung === undefined || fromBottom > plan.broadcast.rungs.length || plan.chosen.has(rung.name)) continue;
      offer(plan, rung);
    }
  }
  return plans.map(({ broadcast, chosen, reasons }) => ({
    id: broadcast.id,
    offered: broadcast.rungs.filter((rung) => chosen.has(rung.name)).map((rung) => rung.name),
    withheld: broadcast.rungs
      .filter((rung) => !chosen.has(rung.name))
      .map((rung) => ({ name: rung.name, why: reasons.get(rung.name) ?? '' })),
  }));
}

function whyNot(
  { broadcast, chosen }: Plan,
  rung: BudgetRung,
  costCores: number,
  leftCores: number,
  capacityCores: number,
): string | undefined {
  const [top] = broadcast.rungs;
  const isTop = rung === top && broadcast.needsTop === true;
  if (broadcast.needsTop && !isTop && !chosen.has(top!.name))
    return `${rung.name} is withheld because ${top!.name} is.`;
  const below = isTop ? [] : broadcast.rungs.slice(broadcast.rungs.indexOf(rung) + 1);
  const missing = below.find((other) => !chosen.has(other.name));
  if (missing !== undefined) return `${rung.name} is withheld because ${missing.name} below it is.`;
  const beside = broadcast.rungs.filter(
    (other) => other === rung || below.includes(other) || (broadcast.needsTop && other === top),
  );
  const serialCores = beside.reduce(
    (sum, { costCores: cores, encoderThreads }) => sum + cores / encoderThreads,
    broadcast.decodeCostCores,
  );
  if (serialCores > serialShare) {
    return `${rung.name} is withheld: with it one ffmpeg could not keep up with this source in real time on this machine.`;
  }
  if (costCores <= leftCores + 1e-9) return undefined;
  const left = Math.max(0, leftCores).toFixed(2);
  return `${rung.name} is withheld: it takes ${costCores.toFixed(2)} cores, and of the ${capacityCores.toFixed(2)} that ladder.cpu_budget allows ${left} are left.`;
}
