import * as z from 'zod';
import { pageOf, pageQuery } from './page.ts';
import { utcTime } from './time.ts';

const eventView = z
  .object({
    id: z.int().meta({ description: 'Grows with every event.', example: 4711 }),
    time: utcTime,
    type: z.string().meta({ example: 'stream.started' }),
    stream_id: z.string().nullable(),
    trace_id: z.string().nullable().meta({ description: '32 hexadecimal digits (W3C Trace Context).' }),
    payload: z.record(z.string(), z.json()).meta({ type: 'object', description: 'What is told depends on the type.' }),
  })
  .meta({ id: 'Event', description: 'Something that happened, in order per stream.' });
export type EventView = z.output<typeof eventView>;

export const eventPage = pageOf(eventView).meta({ id: 'EventPage' });

const eventId = z.string().regex(/^\d{1,15}$/, 'the id of an event is a number');
const maxTypes = 20;

export const listEventsQuery = pageQuery.extend({
  cursor: eventId.optional().meta({ description: '`next_cursor` of the page before; left out for the first page.' }),
  after: eventId.optional().meta({ description: 'Only events with a higher id.', example: '4711' }),
  stream: z.string().max(64).optional().meta({ description: 'Only events of this stream, by id or channel.' }),
  types: z
    .string()
    .regex(/^[a-z_.]{1,40}(,[a-z_.]{1,40})*$/, 'names of types with commas between them')
    .transform((text) => text.split(','))
    .pipe(z.array(z.string()).max(maxTypes))
    .optional()
    .meta({ type: 'string', description: 'Only events of these types.', example: 'stream.started,stream.ended' }),
});
