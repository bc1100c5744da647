/**
 * Writes the TypeScript types of each .proto in `proto/`. With `--check` it writes nothing and
 * fails when a committed file is not what the .proto says.
 */
import { writeOrCheck } from './generated-file.ts';
import { typesOf } from './types-of-proto.ts';

export interface Target {
  /** Paths from the top of the project. */
  readonly proto: string;
  readonly types: string;
  readonly package: string;
}

export const TARGETS: readonly Target[] = [
  { proto: 'proto/rocketmq-admin.proto', types: 'proto/types.ts', package: 'apache.rocketmq.v2' },
  { proto: 'proto/fleet.proto', types: 'proto/fleet-types.ts', package: 'sluice.fleet.v1' },
  { proto: 'proto/admin.proto', types: 'proto/admin-types.ts', package: 'sluice.admin.v1' },
];

if (import.meta.main) {
  for (const target of TARGETS) {
    await writeOrCheck(target.types, typesOf(target.proto, target.package));
  }
}
