import { expect, test } from 'vitest';
import { parseDeliveryDirectives } from '../../src/delivery/delivery-directives.ts';

const followed = [
  ['', {}],
  ['CMCD=bl%3D100', {}],
  ['_HLS_msn=5', { msn: 5 }],
  ['_HLS_msn=5&_HLS_part=0&CMCD=x', { msn: 5, part: 0 }],
  ['_HLS_skip=YES', { skip: 'YES' }],
  ['_HLS_msn=9007199254740991&_HLS_skip=v2', { msn: Number.MAX_SAFE_INTEGER, skip: 'v2' }],
  ['_HLS_future=1', {}],
] as const;
for (const [query, directives] of followed) {
  test(`"${query}" is followed`, () => expect(parseDeliveryDirectives(query)).toEqual(directives));
}

const refused = [
  '_HLS_part=1',
  '_HLS_msn=',
  '_HLS_msn',
  '_HLS_msn=-1',
  '_HLS_msn=1.5',
  '_HLS_msn=0x10',
  '_HLS_msn=1e3',
  '_HLS_msn=9007199254740993',
  '_HLS_msn=99999999999999999999',
  '_HLS_msn=5&_HLS_msn=5',
  '_HLS_msn=5&_HLS_part=1&_HLS_part=2',
  '_HLS_msn=5&_HLS_part=one',
  '_HLS_msn=5 ',
  '_HLS_skip=NO',
  '_HLS_skip=yes',
];
for (const query of refused) {
  test(`"${query}" is refused`, () => expect(parseDeliveryDirectives(query)).toHaveProperty('refusal'));
}
