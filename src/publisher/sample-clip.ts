import { fileURLToPath } from 'node:url';
import { embeddedFile, isExecutable } from '../base/embedded.ts';
import { type FlvClip, loadClip, readClip } from './flv-clip.ts';

/** The bundled sample: half a minute of picture and sound. */
export async function sampleClip(): Promise<FlvClip> {
  if (isExecutable) return readClip(embeddedFile('sample.flv'))!;
  return await loadClip(fileURLToPath(new URL('../../packaging/sample/sample.flv', import.meta.url)));
}
