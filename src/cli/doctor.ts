import { isStreamctlError } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import type { FindingView } from '../contract/finding.ts';
import { inspectHost } from '../doctor/host/inspect-host.ts';
import { loadText } from '../doctor/machine-load.ts';
import { actAsOwnerOf } from './act-as-owner.ts';
import { requireServer } from './control.ts';
import { findingsText, verdictText } from './doctor-text.ts';
import { StepLine } from './step-line.ts';
import { bold } from './table.ts';

/** What `doctor --json` answers for the machine. */
export interface HostDiagnosis {
  readonly machine: {
    readonly cores: number;
    readonly load_average: number;
    /** Share of all cores in use before anything was measured. */
    readonly busy_ratio: number;
    /** Measurements of time say less than usual. */
    readonly is_busy: boolean;
  };
  readonly findings: readonly FindingView[];
}

/** Looks at the machine, with or without a running server; progress goes to stderr. */
export async function diagnoseHost(
  config: Config,
  signal: AbortSignal,
): Promise<{ json: HostDiagnosis; text: string }> {
  const steps = new StepLine(process.stderr);
  try {
    const { load, findings } = await inspectHost({
      host: { config, server: await runningServer(config), signal },
      onStep: (what) => steps.show(`Looking at ${what}`),
      becomeOwner: () => actAsOwnerOf(config.dataDir),
    });
    steps.clear();
    const { cores, loadAverage, busyRatio, isBusy } = load;
    const json = { machine: { cores, load_average: loadAverage, busy_ratio: busyRatio, is_busy: isBusy }, findings };
    return { json, text: hostText(json, loadText(load)) };
  } finally {
    steps.clear();
  }
}

async function runningServer(config: Config) {
  try {
    const { pid, version, uptime_seconds: uptimeSeconds } = await (await requireServer(config)).status();
    return { pid, version, uptimeSeconds };
  } catch (error) {
    if (isStreamctlError(error) && error.code === 'CONTROL_NO_SERVER') return undefined;
    throw error;
  }
}

function hostText({ machine, findings }: HostDiagnosis, load: string): string {
  const busy = 'The machine was busy: what took time (disk, store, cost of transcoding) may look worse than it is.';
  return [
    `${bold('THIS MACHINE')}  ${load}`,
    ...(machine.is_busy ? [busy] : []),
    '',
    findingsText(findings),
    '',
    verdictText(findings, 'Nothing stands in the way.'),
  ].join('\n');
}
