/** The operator's rights as a file of the chart. */
import { stringify } from 'yaml';
import { operatorRules, PLACE } from '#operator/rbac';

export const RBAC_FILE = 'charts/sluice/files/rbac.yaml';

const HEAD = `# Generated from kube/resources.ts by \`npm run generate\`: what the operator may do.
# clusterRules    of what is in no namespace: a ClusterRole in any case
# namespaceRules  in each namespace with instances: a Role there, or a ClusterRole for all
# leaderRules     in the operator's own namespace
# The installation puts its own names in these places:
# ${Object.values(PLACE).join(', ')}
`;

export function rbacFile(): string {
  return `${HEAD}${stringify(operatorRules(), { aliasDuplicateObjects: false })}`;
}
