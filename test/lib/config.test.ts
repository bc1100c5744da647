import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { loadConfig, notes, settingsOf } from '#lib/config';
import { SluiceError } from '#lib/errors';

const schema = z
  .strictObject({
    config: z.string().optional().register(notes, { help: 'File' }),
    grpcPort: z.int().min(0).max(65_535).default(8081).register(notes, { help: 'Port' }),
    share: z.number().min(0).max(1).default(0.5).register(notes, { help: 'Share' }),
    durability: z.enum(['sync', 'fast']).default('sync').register(notes, { help: 'Mode' }),
    autoCreate: z.boolean().default(true).register(notes, { help: 'Create' }),
    adminToken: z
      .string()
      .min(8)
      .optional()
      .register(notes, { help: 'Token', secret: true, allowed: 'at least 8 characters' }),
  })
  .superRefine((config, context) => {
    if (config.durability === 'fast' && config.share > 0.9) {
      context.addIssue({ code: 'custom', path: ['share'], message: 'too much for fast' });
    }
  });

const directory = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(directory, `config-${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

function refusal(
  flags: Record<string, unknown>,
  env: Record<string, string> = {},
  otherVariables: string[] = [],
): string {
  try {
    loadConfig(schema, { flags, env, otherVariables });
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('BAD_REQUEST');
    return (error as SluiceError).message;
  }
  throw new Error('it was accepted');
}

describe('sources', () => {
  test('defaults when nothing is given, frozen', () => {
    const config = loadConfig(schema, { flags: {}, env: { PATH: '/bin' } });
    const preset = { grpcPort: 8081, share: 0.5, durability: 'sync', autoCreate: true };
    expect(config).toEqual(preset);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('flag over variable over file over default', () => {
    const config = file('grpc-port: 1\nshare: 0.1\ndurability: fast\n');
    const env = { SLUICE_CONFIG: config, SLUICE_GRPC_PORT: '2', SLUICE_SHARE: '0.2' };
    expect(loadConfig(schema, { flags: { grpcPort: '3' }, env })).toMatchObject({
      grpcPort: 3,
      share: 0.2,
      durability: 'fast',
      autoCreate: true,
    });
  });

  test('a config file by flag wins over one by variable', () => {
    const env = { SLUICE_CONFIG: file('grpc-port: 1') };
    const flags = { config: file('{"grpc-port": 2, "auto-create": false}') };
    expect(loadConfig(schema, { flags, env })).toMatchObject({ grpcPort: 2, autoCreate: false });
  });

  test('an empty file and an empty variable say nothing', () => {
    const env = { SLUICE_CONFIG: file('# nothing\n'), SLUICE_GRPC_PORT: '' };
    expect(loadConfig(schema, { flags: {}, env })).toMatchObject({ grpcPort: 8081 });
  });

  test('switches are true or false', () => {
    const off = loadConfig(schema, { flags: {}, env: { SLUICE_AUTO_CREATE: 'false' } });
    expect(off.autoCreate).toBe(false);
    expect(loadConfig(schema, { flags: { autoCreate: false }, env: {} }).autoCreate).toBe(false);
  });

  test('port 0 is allowed', () => {
    expect(loadConfig(schema, { flags: { grpcPort: '0' }, env: {} }).grpcPort).toBe(0);
  });
});

describe('unknown keys', () => {
  test('of the environment', () => {
    expect(refusal({}, { SLUICE_GRPC_PROT: '1' })).toBe(
      'SLUICE_GRPC_PROT in the environment: unknown; did you mean SLUICE_GRPC_PORT?',
    );
    expect(refusal({}, { SLUICE_ZEBRA_CROSSING: '1' })).toBe(
      'SLUICE_ZEBRA_CROSSING in the environment: unknown',
    );
  });

  test('but those of others are let through, and what Kubernetes adds for a Service', () => {
    const env = {
      SLUICE_ADMIN: 'host:1',
      SLUICE_SERVICE_HOST: '10.0.0.1',
      SLUICE_SERVICE_PORT_GRPC: '8081',
      SLUICE_PORT: 'tcp://10.0.0.1:8081',
      SLUICE_PORT_8081_TCP: 'tcp://10.0.0.1:8081',
      SLUICE_PORT_8081_TCP_ADDR: '10.0.0.1',
      SLUICE_GRPC_PORT: 'tcp://10.0.0.1:8081',
    };
    const sources = { flags: {}, env, otherVariables: ['SLUICE_ADMIN'] };
    expect(loadConfig(schema, sources)).toMatchObject({ grpcPort: 8081 });
  });

  test.each(['grpcPort', 'grpc_port', 'GRPC-PORT', 'grpc-prot'])('of the file: %s', (key) => {
    const config = file(`${key}: 1`);
    expect(refusal({ config })).toBe(
      `"${key}" in the config file ${config}: unknown; did you mean grpc-port?`,
    );
  });

  test('a config file that names another one', () => {
    expect(refusal({ config: file('config: other.yaml') })).toMatch(/"config" in .*: unknown/);
  });
});

describe('invalid values', () => {
  test('say what was given, where, and what is allowed', () => {
    expect(refusal({ grpcPort: 'abc' })).toBe(
      '--grpc-port: got "abc"; allowed: a whole number from 0 to 65535',
    );
    expect(refusal({}, { SLUICE_GRPC_PORT: '65536' })).toBe(
      'SLUICE_GRPC_PORT: got 65536; allowed: a whole number from 0 to 65535',
    );
    expect(refusal({}, { SLUICE_DURABILITY: 'Sync' })).toBe(
      'SLUICE_DURABILITY: got "Sync"; allowed: sync, fast',
    );
    const config = file('auto-create: 1');
    expect(refusal({ config })).toBe(
      `"auto-create" in the config file ${config}: got 1; allowed: true, false`,
    );
  });

  test.each(['1e3', '0x10', ' 1', '1_000', 'NaN', 'Infinity', '8081.5'])(
    'no port is %j',
    (grpcPort) => {
      expect(refusal({ grpcPort })).toContain('allowed: a whole number from 0 to 65535');
    },
  );

  test('all of them at once', () => {
    const message = refusal({ grpcPort: '-1', share: '2' }, { SLUICE_X: '1' });
    expect(message).toMatch(/^3 settings are wrong:\n/);
    expect(message).toContain('--share: got 2; allowed: a number from 0 to 1');
  });

  test('secrets are not repeated', () => {
    expect(refusal({ adminToken: 'hunter2' })).toBe(
      '--admin-token: got a secret; allowed: at least 8 characters',
    );
  });

  test('what contradicts each other', () => {
    expect(refusal({ share: '0.95' }, { SLUICE_DURABILITY: 'fast' })).toBe(
      '--share: too much for fast',
    );
  });
});

describe('config file', () => {
  test.each([
    ['a list', '- 1\n', /must be a map/],
    ['text', 'hello', /must be a map/],
    ['broken', 'a: [1', /can't be read/],
    ['a key twice', 'grpc-port: 1\ngrpc-port: 2', /can't be read: Map keys must be unique/],
    ['too large', `# ${'x'.repeat(1024 * 1024)}`, /at most 1048576 are allowed/],
  ])('%s is refused', (_name, text, message) => {
    expect(refusal({ config: file(text) })).toMatch(message);
  });

  test('one that is not there is refused', () => {
    expect(refusal({ config: join(directory, 'nowhere') })).toMatch(
      /nowhere can't be read: ENOENT/,
    );
  });
});

test('each setting has one name per source', () => {
  const [, grpcPort, , , autoCreate] = settingsOf(schema);
  expect(grpcPort).toMatchObject({
    name: 'grpcPort',
    key: 'grpc-port',
    variable: 'SLUICE_GRPC_PORT',
    kind: 'number',
    defaultValue: 8081,
  });
  expect(autoCreate).toMatchObject({ kind: 'boolean', defaultValue: true });
});
