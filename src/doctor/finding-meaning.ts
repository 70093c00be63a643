import { placeholders, withoutNaN } from '../base/error-meaning.ts';
import { broadcastFindingCodes, broadcastFindingWords } from './broadcast/finding-texts.ts';
import { type HostFindingCode, hostFindingTexts, hostFindingWords } from './host/finding-texts.ts';

/** What a finding of doctor is, for who looks it up, with `<name>` where the figures of a case stand. */
export interface FindingMeaning {
  readonly code: string;
  readonly title: string;
  /** For viewers, or for whoever publishes; empty where all is well. */
  readonly means: string;
  /** Empty where there is nothing to do. */
  readonly remedy: string;
}

/** Of every code that doctor gives, of machines and of broadcasts. */
export function findingMeanings(): FindingMeaning[] {
  const ofHost = (Object.keys(hostFindingTexts) as HostFindingCode[]).map((code) => ({
    code,
    ...hostFindingWords(code, placeholders as never),
  }));
  const ofBroadcast = broadcastFindingCodes.map((code) => {
    const { found: title, means, remedy } = broadcastFindingWords(code, placeholders as never);
    return { code, title, means, remedy };
  });
  return [...ofHost, ...ofBroadcast].map(({ code, title, means, remedy }) => ({
    code,
    title: withoutNaN(title),
    means: withoutNaN(means),
    remedy: withoutNaN(remedy),
  }));
}
