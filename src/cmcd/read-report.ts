import { type BareItem, type Member, readDictionary } from './dictionary.ts';
import { type CmcdField, type CmcdReport, cmcdFields, maxBodyLines, type PlayerState, stateTokens } from './report.ts';

const fieldsByKey = new Map(cmcdFields.map((field) => [field.key, field]));
const statesByToken = new Map(Object.entries(stateTokens).map(([state, token]) => [token, state as PlayerState]));

/**
 * Reads one report, in the form of version 1 or 2 whatever it says of itself: players mix them. Keys we do not know, and values that cannot
 * be what their key says, are left out. Undefined when the text is no CMCD at all.
 */
export function readReport(text: string): CmcdReport | undefined {
  const report: CmcdReport = {};
  const isRead = readDictionary(text, (key, member) => {
    const field = fieldsByKey.get(key);
    if (field !== undefined) take(report, field, member);
  });
  return isRead ? report : undefined;
}

/** The reports of an event body, one a line. All players end the last line too. Lines that are none are left out. */
export function readBody(text: string): readonly CmcdReport[] {
  const reports: CmcdReport[] = [];
  for (const line of text.split('\n', maxBodyLines)) {
    const report = line === '' ? undefined : readReport(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (report !== undefined) reports.push(report);
  }
  return reports;
}

function take(report: CmcdReport, field: CmcdField, member: Member): void {
  const value = readValue(field, member);
  if (value !== undefined) (report as Record<string, unknown>)[field.name] = value;
}

function readValue({ kind, max }: CmcdField, member: Member): CmcdReport[keyof CmcdReport] | undefined {
  switch (kind) {
    case 'number':
    case 'list':
      return numberOf(member, max);
    case 'flag': {
      const item = firstOf(member);
      return typeof item === 'boolean' ? item : undefined;
    }
    case 'state':
      return statesByToken.get(String(firstOf(member)));
    case 'token':
    case 'string': {
      const item = firstOf(member);
      return typeof item === 'string' && item !== '' && item.length <= max ? item : undefined;
    }
    case 'strings': {
      const items = typeof member === 'object' ? member.map(({ value }) => value) : [member];
      return items.slice(0, 4).map((item) => String(item).slice(0, max));
    }
  }
}

function firstOf(member: Member): BareItem | undefined {
  return typeof member === 'object' ? member[0]?.value : member;
}

/** Of several, the one of the picture; of the sound only where there is no other. A negative one (shaka's `ltc`) measures nothing. */
function numberOf(member: Member, max: number): number | undefined {
  let chosen: unknown = member;
  if (typeof member === 'object') {
    const item =
      member.find(({ parameters }) => parameters.includes('v') || parameters.includes('av')) ??
      member.find(({ parameters }) => parameters.length === 0) ??
      member[0];
    chosen = item?.value;
  }
  return typeof chosen === 'number' && chosen >= 0 ? Math.min(max, chosen) : undefined;
}
