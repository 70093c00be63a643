/** What the page reads of an OpenAPI 3.1 document. */
export interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, DescribedSchema>>;
    readonly securitySchemes: Readonly<Record<string, { readonly description?: string }>>;
    readonly examples?: Readonly<Record<string, { readonly value: ProblemExample }>>;
  };
}

export interface ProblemExample {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly remedy: string;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly DescribedParameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, DescribedMedia>> };
  readonly responses: Readonly<Record<string, DescribedResponse>>;
  readonly 'x-problem-codes'?: readonly string[];
}

export interface DescribedParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: DescribedSchema;
}

export interface DescribedResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, DescribedMedia>>;
}

export interface DescribedMedia {
  readonly schema?: DescribedSchema;
  readonly example?: unknown;
}

export interface DescribedSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, DescribedSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | DescribedSchema;
  readonly items?: DescribedSchema;
  readonly anyOf?: readonly DescribedSchema[];
  readonly oneOf?: readonly DescribedSchema[];
}

export type Schemas = Description['components']['schemas'];

/** The schema behind a reference, with the name it has. */
export function resolve(schema: DescribedSchema, schemas: Schemas): { schema: DescribedSchema; name?: string } {
  if (schema.$ref === undefined) return { schema };
  const name = schema.$ref.slice('#/components/schemas/'.length);
  return { schema: schemas[name] ?? {}, name };
}

/** Every operation with its path and method, in the order of the document. */
export function operationsOf({ paths }: Pick<Description, 'paths'>) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

export type ListedOperation = ReturnType<typeof operationsOf>[number];

/** The scopes of which one is needed; `undefined` where nobody is asked. */
export function accessOf({ security }: Pick<DescribedOperation, 'security'>): readonly string[] | undefined {
  if (security.length === 0) return undefined;
  return security.flatMap(({ token, streamKey }) => [
    ...(token ?? []),
    ...(streamKey === undefined ? [] : ['a stream key']),
  ]);
}
