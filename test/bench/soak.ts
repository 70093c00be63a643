import { parseArgs } from 'node:util';
import { Report } from './report.ts';
import { soakPublisher } from './soak-publisher.ts';
import { soakReceivers } from './soak-receivers.ts';
import { soakSlo } from './soak-slo.ts';
import { soakStoreKills, soakStoreOutage } from './soak-store.ts';
import { soakStreamLife } from './soak-stream-life.ts';
import { soakTranscode } from './soak-transcode.ts';
import { soakTranscodeCycles } from './soak-transcode-cycles.ts';

const usage = `usage: npm run soak -- [NAME] [options]     Prints JSON; exits 1 when something is wrong.

  (no name)           one ffmpeg publisher, one server, and the strict outside checker for a long time
  transcode           a ladder whose ffmpeg is killed or stopped at random moments, then fails at every start until it is given up,
                      then works again, all watched by the strict outside checker
  store-outage        Postgres goes away while several publish and many watch; one publisher reconnects, one ends, one is new
  store-kills         processes are killed at random moments while they write to a store and while they make its tables
  transcode-cycles    broadcasts with a ladder begin and end; what is left behind of processes, descriptors and memory
  stream-life         publishers and operators do random things to a real server, which is stopped and killed in between; every state,
                      every event and every row is held against a model
  slo                 publishers that vanish, are reset or have a narrow uplink, a ladder whose ffmpeg is killed, and viewers: every service
                      level as /metrics tells it and as it was seen from outside, and what each fault did
  receivers           events for webhooks that are down, fail, hang or flood for minutes, from a server that is killed now and then

  --minutes N             how long (10; transcode, stream-life, receivers 5; slo 3)
  --reconnect-every N     no name: seconds after which the publisher is killed and comes back
  --resolution-changes    no name: in another size each time
  --seconds N             store-outage: how long Postgres is away (60)
  --publishers N          store-outage: how many publish (4)
  --viewers N             store-outage: how many watch (200)
  --moments N             store-kills: how many processes of each kind die (50)
  --cycles N              transcode-cycles: how many broadcasts (200)
  --store KIND            stream-life: sqlite or postgres (sqlite)
  --check                 slo: exits 1 where a bound is broken
  --seed N                stream-life: the random things of an earlier run again
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    'reconnect-every': { type: 'string', default: '0' },
    'resolution-changes': { type: 'boolean', default: false },
    cycles: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    publishers: { type: 'string', default: '4' },
    viewers: { type: 'string', default: '200' },
    moments: { type: 'string', default: '50' },
    store: { type: 'string', default: 'sqlite' },
    seed: { type: 'string' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function soak(name: string): Promise<boolean> {
  if (name === 'transcode') {
    const report = await soakTranscode({ minutes: Number(values.minutes ?? 5) });
    console.log(JSON.stringify(report, undefined, 2));
    return report.findings.length === 0;
  }
  if (name === 'transcode-cycles') {
    const report = await soakTranscodeCycles({ cycles: Number(values.cycles) });
    console.log(JSON.stringify(report, undefined, 2));
    return report.orphans + report.zombies === 0 && report.descriptors.end <= report.descriptors.start + 2;
  }
  if (name === 'stream-life') {
    const report = await soakStreamLife({
      minutes: Number(values.minutes ?? 5),
      store: values.store === 'postgres' ? 'postgres' : 'sqlite',
      seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    });
    console.log(JSON.stringify(report, undefined, 2));
    return report.failure === null;
  }
  if (name === 'store-outage') {
    const report = await soakStoreOutage({
      seconds: Number(values.seconds),
      publishers: Number(values.publishers),
      viewers: Number(values.viewers),
    });
    console.log(JSON.stringify(report, undefined, 2));
    return report.watch.findings.length + report.eventsOutOfOrder + (report.figures.at(-1)?.lost ?? 0) === 0;
  }
  if (name === 'store-kills') {
    const report = await soakStoreKills(Number(values.moments));
    console.log(JSON.stringify(report, undefined, 2));
    return Object.values(report).every(({ writes }) => writes.lost.length + writes.halves.length === 0);
  }
  if (name === 'receivers') {
    const report = await soakReceivers({ minutes: Number(values.minutes ?? 5) });
    console.log(JSON.stringify(report, undefined, 2));
    return report.receivers.every(({ missing, outOfOrder }) => missing + outOfOrder === 0);
  }
  if (name === 'slo') {
    const isKept = await soakSlo({ minutes: Number(values.minutes ?? 3) }, new Report('slo'));
    return isKept || !values.check;
  }
  const report = await soakPublisher({
    minutes: Number(values.minutes ?? 10),
    reconnectSeconds: Number(values['reconnect-every']) || Number.POSITIVE_INFINITY,
    changesResolution: values['resolution-changes'],
  });
  console.log(JSON.stringify(report, undefined, 2));
  return report.findings.length === 0;
}

const [name = ''] = positionals;
if (
  values.help ||
  !['', 'receivers', 'slo', 'transcode', 'transcode-cycles', 'stream-life', 'store-outage', 'store-kills'].includes(
    name,
  )
) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}
process.exit((await soak(name)) ? 0 : 1);
