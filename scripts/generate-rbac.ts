/** Writes the operator's rights for the chart; with `--check` fails when they are not current. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeOrCheck } from './generated-file.ts';
import { RBAC_FILE, rbacFile } from './rbac-file.ts';

await mkdir(new URL(`../${dirname(RBAC_FILE)}`, import.meta.url), { recursive: true });
await writeOrCheck(RBAC_FILE, rbacFile());
