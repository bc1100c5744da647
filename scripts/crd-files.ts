/** The texts of `crds/*.yaml`. */
import { stringify } from 'yaml';
import { CUSTOM_KINDS, customResourceDefinition } from '#kube/api/crd';

const STYLE = { aliasDuplicateObjects: false, lineWidth: 0 };
const HEAD = '# Made from kube/api/*.ts by `npm run generate`.\n';

/** Paths are from the top of the project. */
export function crdFiles(): { path: string; text: string }[] {
  return CUSTOM_KINDS.map((kind) => ({
    path: `crds/${kind.type.plural}.yaml`,
    text: HEAD + stringify(customResourceDefinition(kind), { ...STYLE }),
  }));
}
