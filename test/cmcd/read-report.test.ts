import { expect, test } from 'vitest';
import { readBody, readReport } from '../../src/cmcd/read-report.ts';
import type { CmcdReport } from '../../src/cmcd/report.ts';
import { cmcdFields, maxBodyLines } from '../../src/cmcd/report.ts';
import { cmcdOfQuery, decodeQueryValue } from '../../src/cmcd/request-parts.ts';
import { writeReport } from '../../src/cmcd/write-report.ts';
import { recordings } from './recordings.ts';

const vectors: readonly { readonly name: string; readonly text: string; readonly value: CmcdReport }[] = [
  {
    name: 'version 1, CTA-5004 example',
    text: 'bl=21300,br=3200,bs,cid="faec5fc2-ac30-11eabb37-0242ac130002",d=4004,dl=18500,mtp=48100,nor="..%2F300kbps%2Ftrack.m4v",nrr="12323-48763",ot=v,pr=1.08,rtp=12000,sf=d,sid="6e2fb550-c457-11e9-bb97-0800200c9a66",st=v,su,tb=6000',
    value: {
      bufferMs: 21300,
      bitrateKbps: 3200,
      isStarved: true,
      contentId: 'faec5fc2-ac30-11eabb37-0242ac130002',
      deadlineMs: 18500,
      throughputKbps: 48100,
      objectType: 'v',
      format: 'd',
      sessionId: '6e2fb550-c457-11e9-bb97-0800200c9a66',
      isUrgent: true,
    },
  },
  {
    name: 'version 2, the picture of a list of both',
    text: 'br=(64;a 950;v),bl=(1800;a 2100;v),ec=("E1" "E2"),e=e,sta=f,ts=1795413833946,v=2',
    value: {
      bitrateKbps: 950,
      bufferMs: 2100,
      errorCodes: ['E1', 'E2'],
      event: 'e',
      state: 'fatal-error',
      timeMs: 1795413833946,
    },
  },
  {
    name: 'decimals of hls.js, ab beside br of dash.js, scalars in version 2 of shaka',
    text: 'ab=1100,br=(345.4),bl=900,sta=r,su=?0,v=2',
    value: { aggregateBitrateKbps: 1100, bitrateKbps: 345.4, bufferMs: 900, state: 'rebuffering', isUrgent: false },
  },
  {
    name: 'what the watch page adds',
    text: 'com.streamctl-player="hls.js 1.7.4",com.streamctl-qualities="0 1200 720p startup",com.streamctl-startup=612,e=t,sid="a\\"b\\\\c",v=2',
    value: {
      playerName: 'hls.js 1.7.4',
      qualities: '0 1200 720p startup',
      pageStartupMs: 612,
      event: 't',
      sessionId: 'a"b\\c',
    },
  },
];

for (const { name, text, value } of vectors) {
  test(`a report is read: ${name}`, () => expect(readReport(text)).toEqual(value));
  test(`what is written is read back the same: ${name}`, () => expect(readReport(writeReport(value))).toEqual(value));
}

test('numbers are clamped, negative ones, texts that are too long and keys that nobody knows are left out', () => {
  expect(
    readReport(
      `br=99999999999,bl=-5,msd=1795341545680,sid="${'x'.repeat(65)}",cid="${'x'.repeat(128)}",com.example-a="b"`,
    ),
  ).toEqual({
    bitrateKbps: 1_000_000,
    startupMs: 3_600_000,
    contentId: 'x'.repeat(128),
  });
});

test('a value of another type than its key has is left out, and the rest is kept', () => {
  expect(readReport('br="fast",sid=7,sta=zz,bs=4,su="yes",ot=v')).toEqual({ objectType: 'v' });
});

test('what is no dictionary is no report', () => {
  for (const text of ['', ' ', '{"sid":1}', 'sid="a', 'br=(950', '=3', 'a b', 'sid="a" x', ',', 'br=,ot=v']) {
    expect(readReport(text), text).toBeUndefined();
  }
});

test('an event body is one report a line, with or without an end of the last line', () => {
  expect(readBody('e=ps,sta=p\ne=t\n')).toEqual([{ event: 'ps', state: 'playing' }, { event: 't' }]);
  expect(readBody('e=ps,sta=p\r\nnonsense here\ne=t')).toHaveLength(2);
  expect(readBody('e=t\n'.repeat(500))).toHaveLength(maxBodyLines);
});

test('CMCD is found in a query wherever it stands', () => {
  expect(cmcdOfQuery('CMCD=a%3D1')).toBe('a%3D1');
  expect(cmcdOfQuery('_HLS_msn=3&CMCD=sid%3D%22x%22&_HLS_part=1')).toBe('sid%3D%22x%22');
  expect(cmcdOfQuery('XCMCD=1&b=2')).toBeUndefined();
  expect(cmcdOfQuery('')).toBeUndefined();
  expect(decodeQueryValue('sid%3D%22x%22')).toBe('sid="x"');
  expect(decodeQueryValue('br%3D%281162%3Bv+126%3Ba%29')).toBe('br=(1162;v 126;a)');
  expect(decodeQueryValue('sid%3')).toBeUndefined();
});

for (const { name, texts } of recordings()) {
  test(`everything is understood that was recorded of ${name}`, () => {
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) {
      const report = readReport(text);
      expect(report?.sessionId, text).toMatch(/^(hls|dash)\.js-v[12]$|^shaka-v[12]$/);
      expect(report?.contentId, text).toBe('cmcd');
      for (const { key, name: field, kind } of cmcdFields) {
        const plain = new RegExp(`(?:^|,)${key}=\\(?([^,;)]+)`).exec(text)?.[1];
        if (plain === undefined) continue;
        const value = report?.[field];
        if (plain.startsWith('-')) continue;
        if (kind === 'number' || kind === 'list') expect(value, `${key} of ${text}`).toBeTypeOf('number');
        if (kind === 'number' && Number(plain) < 1e6) expect(value, `${key} of ${text}`).toBe(Number(plain));
        if (kind === 'token') expect(value, `${key} of ${text}`).toBe(plain);
        if (kind === 'string') expect(`"${value}"`, `${key} of ${text}`).toBe(plain);
        if (kind === 'state') expect(value, `${key} of ${text}`).toBeTypeOf('string');
      }
      expect(readReport(writeReport(report!))).toEqual(rounded(report!));
    }
  });
}

/** As version 2 writes numbers. */
function rounded(report: CmcdReport): CmcdReport {
  const entries = Object.entries(report).map(([name, value]) => {
    return [name, typeof value === 'number' ? Math.round(value * 1000) / 1000 : value];
  });
  return Object.fromEntries(entries) as CmcdReport;
}

test('thirty thousand mutations of what players sent are read or refused, and what is read can be written', () => {
  const texts = recordings().flatMap((recording) => recording.texts);
  let seed = 20_04;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const splices = [
    '',
    ',',
    '"',
    '(',
    ')',
    ';',
    '=',
    '\\',
    '?1',
    ' ',
    '\n',
    '=99999999999999999999',
    '__proto__=1,',
    '(((',
    '\u0000',
    '€',
  ];
  for (let count = 0; count < 30_000; count++) {
    let text = texts[random(texts.length)]!;
    for (let change = random(4); change >= 0; change--) {
      const at = random(text.length + 1);
      text = text.slice(0, at) + splices[random(splices.length)] + text.slice(at + random(3));
    }
    const report = readReport(text);
    if (report === undefined) continue;
    for (const value of Object.values(report)) {
      if (typeof value === 'number') expect(Number.isFinite(value) && value >= 0).toBe(true);
      if (typeof value === 'string') expect(value.length).toBeLessThanOrEqual(2000);
    }
    expect(readReport(writeReport(report))).toBeDefined();
  }
});
