import * as z from 'zod';

/** A moment: ISO 8601 in UTC with milliseconds, as every answer has it. */
export const utcTime = z.string().meta({ format: 'date-time', example: '2026-05-01T09:30:00.000Z' });

/** Null: it has not happened, or never will. */
export const utcTimeOrNull = utcTime.nullable().meta({ format: 'date-time', example: null });

/** A moment as a request may give it: ISO 8601 with any offset. */
export const requestTime = z.iso.datetime({ offset: true }).meta({ example: '2026-12-31T22:00:00+01:00' });
