import * as z from 'zod';

const ladderRungStates = [
  /** It will be made as soon as there is something to make it of. */
  'planned',
  'starting',
  'live',
  /** Its ffmpeg failed; the next one goes on where it ended. */
  'recovering',
  /** Nobody watches it (`ladder.mode: on_demand`); a request wakes it. */
  'resting',
  /** Given up for now. */
  'withdrawn',
  /** The CPU budget does not allow it. */
  'withheld',
  /** Not worth making of this source, or not among what the broadcast's key allows. */
  'left_out',
] as const;
export type LadderRungState = (typeof ladderRungStates)[number];

const ladderRungView = z
  .object({
    name: z.string(),
    state: z.enum(ladderRungStates),
    /** For a person; null where the state says it all. */
    why: z.string().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    /** Frames per second it is to have. */
    fps: z.number().nullable(),
    bitrate_bps: z.int().nullable(),
    /** Frames per second that come out now; null while none are to. */
    encoded_fps: z.number().nullable(),
    /** So far. */
    frames: z.int(),
    /** How far it is behind the source; null while it is not made. */
    lag_ms: z.int().nullable(),
  })
  .meta({ id: 'LadderRung', description: 'One quality that is made of the source, or is not, and why.' });
export type LadderRungView = z.output<typeof ladderRungView>;

/** What is transcoded of one broadcast, what not, and why. */
export const ladderView = z
  .object({
    mode: z.enum(['auto', 'on_demand']),
    state: z.enum([
      /** Nobody knows yet what the machine can do, or what the source is. */
      'waiting',
      /** Nothing can be transcoded on this machine. */
      'unavailable',
      'idle',
      'starting',
      'running',
      'stopping',
      'backing_off',
      /** It failed too often: the source is offered alone until the next try. */
      'degraded',
    ]),
    why: z.string().nullable(),
    encoder: z.string().nullable(),
    /** Cores that are set aside for it. */
    promised_cores: z.number(),
    /** Of real time, by ffmpeg's own account. */
    speed: z.number().nullable(),
    starts: z.int(),
    failures: z.int(),
    stalls: z.int(),
    /** Frames that were not transcoded because it was too far behind. */
    dropped_frames: z.int(),
    /** Best first. */
    rungs: z.array(ladderRungView),
  })
  .meta({ id: 'Ladder', description: 'What is transcoded of a broadcast, what not, and why.' });
export type LadderView = z.output<typeof ladderView>;
