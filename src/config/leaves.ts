import type * as z from 'zod';
import { configSchema } from './schema.ts';

/** One configuration value: a path that has no further keys below it (lists count as one value). */
export interface ConfigLeaf {
  /** As written in YAML: `http.public_url`. */
  readonly path: string;
  readonly kind: 'string' | 'list' | 'other';
  readonly defaultValue: unknown;
  readonly description: string;
}

/** A group of values: `http`, `http.tls`. */
export interface ConfigSection {
  readonly path: string;
  readonly keys: readonly string[];
  readonly description: string;
}

export interface ConfigTree {
  readonly sections: readonly ConfigSection[];
  readonly leaves: readonly ConfigLeaf[];
}

/** Reads the schema: every section and value in the order of declaration. */
export function readConfigTree(): ConfigTree {
  const sections: ConfigSection[] = [];
  const leaves: ConfigLeaf[] = [];
  visit(configSchema, '', { sections, leaves });
  return { sections, leaves };
}

interface Outline {
  readonly sections: ConfigSection[];
  readonly leaves: ConfigLeaf[];
}

function visit(schema: z.core.$ZodType, path: string, outline: Outline): void {
  const { inner, defaultValue } = unwrap(schema);
  const description = descriptionOf(schema);
  if (inner._zod.def.type !== 'object') {
    const { type } = inner._zod.def;
    const kind = type === 'string' || type === 'enum' ? 'string' : type === 'array' ? 'list' : 'other';
    outline.leaves.push({ path, kind, defaultValue, description });
    return;
  }
  const { shape } = (inner as z.core.$ZodObject)._zod.def;
  outline.sections.push({ path, keys: Object.keys(shape), description });
  for (const [key, value] of Object.entries(shape)) visit(value, path === '' ? key : `${path}.${key}`, outline);
}

/** Takes off defaults and transforms, down to what stands in the file. */
function unwrap(schema: z.core.$ZodType): { inner: z.core.$ZodType; defaultValue: unknown } {
  let inner = schema;
  let defaultValue: unknown;
  for (;;) {
    const { def } = inner._zod;
    if (def.type === 'prefault') {
      const prefault = def as z.core.$ZodPrefaultDef;
      defaultValue = prefault.defaultValue;
      inner = prefault.innerType;
    } else if (def.type === 'pipe') inner = (def as z.core.$ZodPipeDef).in;
    else return { inner, defaultValue };
  }
}

function descriptionOf(schema: z.core.$ZodType): string {
  return (schema as z.ZodType).description ?? '';
}

/** `http.public_url` → `STREAMCTL_HTTP_PUBLIC_URL`. */
export function environmentNameOf(path: string): string {
  return `STREAMCTL_${path.replaceAll('.', '_').toUpperCase()}`;
}

/** `http.public_url` → `http-public-url`. */
export function flagNameOf(path: string): string {
  return path.replace(/[._]/g, '-');
}

/** The values that have a flag of their own on `serve` and its kin; every value has an environment form. */
export const flaggedPaths = [
  'data_dir',
  'http.listen',
  'http.public_url',
  'rtmp.listen',
  'rtmp.grace',
  'control.socket',
  'hls.segment',
  'hls.part',
  'auth.open_publish',
  'store.url',
  'log.level',
  'log.format',
] as const;
