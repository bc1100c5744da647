/** The text of `docs/kubernetes-api.md`. */
import { CUSTOM_KINDS } from '#kube/api/crd';
import type { CustomKind } from '#kube/api/crd';
import { UNSET, VALIDATIONS } from '#kube/api/rules';
import { schemaNode } from '#kube/api/structural';
import type { SchemaNode } from '#kube/api/structural';
import { ANNOTATION, API_VERSION } from '#kube/names';

export const KUBERNETES_API_DOC = 'docs/kubernetes-api.md';

const HEAD = `# Custom resources

What can be declared on Kubernetes, as \`apiVersion: ${API_VERSION}\`. \`examples/\` has complete
ones; \`kubectl get sluice\` lists all that there are, and \`kubectl explain mqi.spec\` tells the
same as this page. The definitions are in \`crds/\`. They need Kubernetes 1.30 or newer.

A default is never stored: a field that is not given stays so, and what holds then is in the column
"without it".

## Annotations

| annotation | on | what it does |
|---|---|---|
| \`${ANNOTATION.paused}: "true"\` | any | the operator leaves the object alone until it is gone |
| \`${ANNOTATION.restart}: VALUE\` | an instance | another value restarts its pods, one by one |
`;

const FOOT = `
Made from \`kube/api/*.ts\` by \`npm run generate\`.
`;

export function kubernetesApiDoc(): string {
  return `${[HEAD, ...CUSTOM_KINDS.map(section)].join('\n')}${FOOT}`;
}

function section(kind: CustomKind): string {
  const [spec, status] = [schemaNode(kind.spec), schemaNode(kind.status)];
  const messages = [...kind.rules, ...rulesOf(spec)].map(({ message }) => message);
  const columns = kind.columns.map(({ name, description, priority = 0 }) =>
    row(`${name}${priority > 0 ? ' (wide)' : ''}`, description),
  );
  return `## ${kind.type.kind} (\`${kind.shortName}\`)

${kind.description}

### spec

| field | type | without it | what it is |
|---|---|---|---|
${specRows(spec).join('\n')}

What the API server refuses, beside values that do not fit the types above:

${[...new Set(messages)].map((message) => `- ${message}`).join('\n')}

### status

| field | type | what it is |
|---|---|---|
${statusRows(status).join('\n')}

### kubectl get

| column | what it shows |
|---|---|
${columns.join('\n')}
`;
}

interface Field {
  readonly path: string;
  readonly node: SchemaNode;
  readonly isRequired: boolean;
}

/** All fields below, each parent before its own. */
export function fieldsOf({ properties = {}, required = [] }: SchemaNode, prefix = ''): Field[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = `${prefix}${name}`;
    const below = node.items ? fieldsOf(node.items, `${path}[].`) : fieldsOf(node, `${path}.`);
    return [{ path, node, isRequired: required.includes(name) }, ...below];
  });
}

function specRows(node: SchemaNode): string[] {
  return fieldsOf(node).map((field) => {
    const { path, node: own, isRequired } = field;
    const unset = own[UNSET];
    const without = isRequired ? 'required' : unset === undefined ? '' : code(unset);
    return row(`\`${path}\``, typeOf(own), without, own.description ?? '');
  });
}

function statusRows(node: SchemaNode): string[] {
  return fieldsOf(node).map(({ path, node: own }) =>
    row(`\`${path}\``, typeOf(own), own.description ?? ''),
  );
}

/** Values look like values, words like words. */
function code(unset: string | number | boolean): string {
  return String(unset).includes(' ') ? String(unset) : `\`${unset}\``;
}

function typeOf(node: SchemaNode): string {
  const { type, items, additionalProperties, format, enum: values } = node;
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if (items) return `list${upTo(node.maxItems)}: ${typeOf(items)}`;
  if (additionalProperties) return `texts by key${upTo(node.maxProperties)}`;
  if (format === 'date-time') return 'time';
  if (type === 'string') return `text${upTo(node.maxLength)}`;
  return type === 'integer' ? `integer${range(node)}` : type;
}

/** Characters of a text, entries of a list. */
function upTo(max: number | undefined): string {
  return max === undefined ? '' : ` (up to ${max})`;
}

function range({ minimum = Number.MIN_SAFE_INTEGER, maximum = Infinity }: SchemaNode): string {
  if (minimum <= Number.MIN_SAFE_INTEGER) return '';
  if (maximum >= Number.MAX_SAFE_INTEGER) return ` from ${minimum}`;
  return ` ${minimum} to ${maximum}`;
}

function rulesOf(node: SchemaNode): { message: string }[] {
  const { properties = {}, items, additionalProperties } = node;
  const below = [...Object.values(properties), items, additionalProperties];
  const nodes = below.filter((each) => each !== undefined && each !== false);
  return [...(node[VALIDATIONS] ?? []), ...nodes.flatMap(rulesOf)];
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
