/**
 * Writes the CustomResourceDefinitions, `crds/*.yaml`, and `docs/kubernetes-api.md`; with
 * `--check` fails when a committed file is not current.
 */
import { crdFiles } from './crd-files.ts';
import { writeOrCheck } from './generated-file.ts';
import { KUBERNETES_API_DOC, kubernetesApiDoc } from './kubernetes-api-doc.ts';

for (const { path, text } of crdFiles()) await writeOrCheck(path, text);
await writeOrCheck(KUBERNETES_API_DOC, kubernetesApiDoc());
