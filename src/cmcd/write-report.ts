import { type CmcdField, type CmcdReport, cmcdFields, type PlayerState, stateTokens } from './report.ts';

/** Writes a report as version 2 has it: keys in order, numbers that vary with the object type as lists. */
export function writeReport(report: CmcdReport): string {
  const members: string[] = [];
  for (const field of cmcdFields) {
    const value = report[field.name];
    if (value === undefined) continue;
    const text = valueText(field, value);
    members.push(text === '' ? field.key : `${field.key}=${text}`);
  }
  members.push('v=2');
  return members.join(',');
}

/** Empty: the key alone says it. */
function valueText({ kind }: CmcdField, value: NonNullable<CmcdReport[keyof CmcdReport]>): string {
  switch (kind) {
    case 'number':
      return numberText(value as number);
    case 'list':
      return `(${numberText(value as number)})`;
    case 'flag':
      return value === true ? '' : '?0';
    case 'state':
      return stateTokens[value as PlayerState];
    case 'token':
      return String(value);
    case 'string':
      return quoted(String(value));
    case 'strings':
      return `(${(value as readonly string[]).map(quoted).join(' ')})`;
  }
}

/** RFC 8941 §3.3.2: three decimals at most. */
function numberText(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[^\x20-\x7e]/g, '?')}"`;
}
