import type { CommandMap } from '../src/cli/run.ts';
import Bench from './bench.ts';
import Completions from './completions.ts';
import ConfigCheck from './config/check.ts';
import ConfigSchema from './config/schema.ts';
import ConfigShow from './config/show.ts';
import DbBackup from './db/backup.ts';
import DbMigrate from './db/migrate.ts';
import DbStatus from './db/status.ts';
import Demo from './demo.ts';
import Doctor from './doctor.ts';
import EventsDeadLetters from './events/dead-letters.ts';
import EventsList from './events/list.ts';
import EventsReceivers from './events/receivers.ts';
import EventsReplay from './events/replay.ts';
import Explain from './explain.ts';
import Init from './init.ts';
import KeysCreate from './keys/create.ts';
import KeysList from './keys/list.ts';
import KeysRevoke from './keys/revoke.ts';
import KeysRotate from './keys/rotate.ts';
import KeysShow from './keys/show.ts';
import KeysUpdate from './keys/update.ts';
import Licenses from './licenses.ts';
import Publish from './publish.ts';
import Serve from './serve.ts';
import Status from './status.ts';
import StreamsLink from './streams/link.ts';
import StreamsList from './streams/list.ts';
import StreamsShow from './streams/show.ts';
import StreamsStop from './streams/stop.ts';
import TokensCreate from './tokens/create.ts';
import TokensList from './tokens/list.ts';
import TokensRevoke from './tokens/revoke.ts';
import Top from './top.ts';

/** Every command by its id. A map and not a folder to scan, so that it can be bundled; each loads its work only when run. */
export const commandMap: CommandMap = {
  serve: Serve,
  demo: Demo,
  init: Init,
  doctor: Doctor,
  bench: Bench,
  status: Status,
  top: Top,
  explain: Explain,
  completions: Completions,
  licenses: Licenses,
  publish: Publish,
  'keys:create': KeysCreate,
  'keys:list': KeysList,
  'keys:show': KeysShow,
  'keys:update': KeysUpdate,
  'keys:rotate': KeysRotate,
  'keys:revoke': KeysRevoke,
  'streams:list': StreamsList,
  'streams:show': StreamsShow,
  'streams:stop': StreamsStop,
  'streams:link': StreamsLink,
  'tokens:create': TokensCreate,
  'tokens:list': TokensList,
  'tokens:revoke': TokensRevoke,
  'events:list': EventsList,
  'events:receivers': EventsReceivers,
  'events:dead-letters': EventsDeadLetters,
  'events:replay': EventsReplay,
  'config:check': ConfigCheck,
  'config:show': ConfigShow,
  'config:schema': ConfigSchema,
  'db:status': DbStatus,
  'db:migrate': DbMigrate,
  'db:backup': DbBackup,
};
