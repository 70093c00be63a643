/** JSON Schema, as far as the generator writes it. */
export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  format?: string;
  pattern?: string;
  enum?: readonly unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  description?: string;
  example?: unknown;
  examples?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
}

export type Schemas = Readonly<Record<string, Schema>>;

export interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Readonly<Record<string, unknown>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  'x-problem-codes'?: readonly string[];
  parameters?: Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, MediaType>> };
  responses: Record<string, { readonly description: string; readonly content?: Readonly<Record<string, MediaType>> }>;
}
