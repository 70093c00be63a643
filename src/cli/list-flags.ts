import { Flags } from '@oclif/core';

/** Flags of every command that lists. */
export const listFlags = {
  limit: Flags.integer({ min: 1, helpValue: '20', description: 'How many at most; without it, all.' }),
  cursor: Flags.string({ helpValue: 'CURSOR', description: 'next_cursor of the list before, to go on behind it.' }),
};
