import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from './report.ts';
import { Audience } from './slo/audience.ts';
import { type Fault, injected } from './slo/fault.ts';
import { killedFfmpeg } from './slo/faults/killed-ffmpeg.ts';
import { narrowUplink } from './slo/faults/narrow-uplink.ts';
import { tornPublisher } from './slo/faults/torn-publisher.ts';
import { vanishedPublisher } from './slo/faults/vanished-publisher.ts';
import { PrometheusSpan } from './slo/prometheus-figures.ts';
import { serviceLevels } from './slo/service-levels.ts';
import { SloStage } from './slo/slo-stage.ts';
import { tell } from './slo/tell.ts';
import { type Figure, isFigureKept } from './slo/verdict.ts';

const faults: readonly Fault[] = [killedFfmpeg, tornPublisher, vanishedPublisher, narrowUplink];
const unharmed = ['healthy', 'laddered'];
const settleMs = 3000;
/** Before the faults. */
const quietMs = 20_000;
const visitMs = 15_000;
/** Sessions are counted every five seconds. */
const countedAfterMs = 7000;

/**
 * Publishers that vanish, are reset or become narrow, a ladder whose ffmpeg is killed, and viewers beside them: every service level as
 * `/metrics` tells it and as it was seen, and what each fault did. Each fault happens once at least. Resolves with whether all bounds
 * were kept.
 */
export async function soakSlo({ minutes }: { readonly minutes: number }, report: Report): Promise<boolean> {
  const stage = await SloStage.open((sentence) => report.progress(sentence));
  const looking = new AbortController();
  try {
    const { ladder, api, broadcasts } = stage;
    const { httpUrl } = ladder.server;
    const metrics = () => stage.metrics();
    const following = broadcasts.map((broadcast) => broadcast.follow(looking.signal));
    await delay(settleMs);
    const before = await metrics();
    const beganMs = performance.now();
    const watching = broadcasts.map(({ freshness }) => freshness.watch(looking.signal));
    const audience = new Audience([
      { httpUrl, channel: 'laddered', rendition: '240p', visitMs },
      ...broadcasts.map(({ channel }) => ({
        ...{ httpUrl, channel, rendition: 'source', visitMs: unharmed.includes(channel) ? visitMs : 2 ** 31 - 1 },
      })),
    ]);
    const { visitors } = audience;
    report.progress(`${quietMs / 1000} s without a fault …`);
    await delay(quietMs);
    const quietEndMs = performance.now();
    const afterQuiet = await metrics();

    const happened = new Map<string, Figure[][]>();
    const scene = { stage: ladder, api, broadcasts, visitors, metrics };
    do {
      for (const fault of faults) {
        const figures = await injected(fault, scene);
        happened.set(fault.name, [...(happened.get(fault.name) ?? []), figures]);
        report.progress(`${Math.round((performance.now() - beganMs) / 1000)} s: ${fault.name}: ${summary(figures)}`);
      }
    } while (performance.now() - beganMs < minutes * 60_000);

    const atEnd = await metrics();
    const endMs = performance.now();
    looking.abort();
    await Promise.all([...following, ...watching]);
    await audience.leave();
    await delay(countedAfterMs);
    const levels = serviceLevels({
      ...{ beganMs, quietEndMs, endMs, broadcasts, unharmed, visitors },
      whole: new PrometheusSpan(before, atEnd),
      quiet: new PrometheusSpan(before, afterQuiet),
      withViewers: new PrometheusSpan(before, await metrics()),
    });
    return tell(report, { levels, happened, broadcasts });
  } finally {
    looking.abort();
    await stage.close();
  }
}

function summary(figures: readonly Figure[]): string {
  const broken = figures.filter((figure) => !isFigureKept(figure));
  return broken.length === 0 ? 'within bounds' : broken.map(({ name, value }) => `${name} ${value}`).join('; ');
}
