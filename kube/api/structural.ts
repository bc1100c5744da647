/** A zod schema as the kind of JSON Schema that a custom resource may have. */
import { z } from 'zod';
import { UNSET, VALIDATIONS, validations } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';

/** A node as zod makes it, with the notes of `kube/api/rules`. */
export interface SchemaNode {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | false;
  readonly 'x-kubernetes-list-type'?: 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly [VALIDATIONS]?: readonly Rule[];
  readonly [UNSET]?: string | number | boolean;
}

/** In the order in which people read them. */
const KEPT = [
  'description',
  'type',
  'format',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  VALIDATIONS,
  'required',
  'properties',
  'items',
  'additionalProperties',
] as const satisfies readonly (keyof SchemaNode)[];

/**
 * `pattern` and `propertyNames`: rules say the same, in sentences. `unset` goes into the
 * description.
 */
const DROPPED = ['$schema', 'pattern', 'propertyNames', UNSET] as const;

const KNOWN: ReadonlySet<string> = new Set([...KEPT, ...DROPPED]);
const INT32_MAX = 2 ** 31 - 1;

/** The schema with its notes, for documentation. */
export function schemaNode(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { target: 'draft-7' }) as SchemaNode;
}

/** The schema for a CRD. @throws Error where it has something that a CRD has no place for. */
export function structural(schema: z.ZodType): SchemaNode {
  return converted(schemaNode(schema), '');
}

function converted(node: SchemaNode, path: string): SchemaNode {
  const unknown = Object.keys(node).filter((keyword) => !KNOWN.has(keyword));
  if (unknown.length > 0) throw new Error(`${path}: no place in a CRD for ${unknown.join(', ')}`);
  const { properties, items, additionalProperties } = node;
  const all = {
    ...node,
    description: descriptionOf(node),
    ...(node.type === 'integer' && integer(node)),
    [VALIDATIONS]: node[VALIDATIONS] && validations(node[VALIDATIONS]),
    properties: properties && mapped(properties, path),
    items: items && converted(items, `${path}[]`),
    // False, beside properties: unknown fields are refused or dropped in a CRD anyway.
    additionalProperties: additionalProperties
      ? converted(additionalProperties, `${path}{}`)
      : undefined,
  };
  const kept = KEPT.filter((keyword) => all[keyword] !== undefined);
  return Object.fromEntries(
    kept.map((keyword) => [keyword, all[keyword]]),
  ) as unknown as SchemaNode;
}

function mapped(properties: Readonly<Record<string, SchemaNode>>, path: string) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, node]) => [name, converted(node, `${path}.${name}`)]),
  );
}

function descriptionOf({ description, [UNSET]: unset }: SchemaNode): string | undefined {
  return unset === undefined ? description : `${description ?? ''} Without it: ${unset}.`.trim();
}

/** Bounds that only say that it is an integer become its format. */
function integer({ minimum = -Infinity, maximum = Infinity }: SchemaNode) {
  return {
    format: maximum <= INT32_MAX ? 'int32' : 'int64',
    minimum: minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum,
    maximum: maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum,
  };
}
