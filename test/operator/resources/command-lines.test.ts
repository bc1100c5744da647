import { expect, test } from '@jest/globals';
import { brokerSchema } from '#cli/broker-config';
import { nameServerSchema } from '#cli/nameserver-config';
import { flagOf, loadConfig, settingsOf, type ConfigSchema } from '#lib/config';
import { nameServerSet } from '#operator/resources/name-server-set';
import { shardSet } from '#operator/resources/shard-set';
import { complete, SAMPLES, SPECS } from './samples.ts';

const ENV = { SLUICE_FLEET_TOKEN: 'fleet-token', SLUICE_ADMIN_TOKEN: 'admin-token' };

/** Where each pod gets its tokens from is in the golden files; here they have some value. */
function configOf<S extends ConfigSchema>(schema: S, set: ReturnType<typeof shardSet>) {
  const [container] = set.spec!.template.spec!.containers;
  const [names, options] = partition(container!.args!, (argument) => !argument.startsWith('--'));
  const given = new Set(container!.env!.map(({ name }) => name));
  const env = Object.fromEntries(Object.entries(ENV).filter(([name]) => given.has(name)));
  const flags = Object.fromEntries(options.map((option) => flag(schema, option)));
  return { command: names.join(' '), config: loadConfig(schema, { flags, env }) };
}

function flag(schema: ConfigSchema, option: string): [string, unknown] {
  const [key = '', value] = option.split(/=(.*)/s);
  const setting = settingsOf(schema).find((each) => flagOf(each) === key);
  if (!setting) throw new Error(`there is no option ${key}`);
  if (setting.kind === 'boolean') return [setting.name, !key.startsWith('--no-')];
  return [setting.name, value];
}

function partition<T>(items: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}

test.each(SAMPLES)('brokers of a %s instance take their command line', (sample) => {
  const instance = complete(SPECS[sample]);
  const { command, config } = configOf(brokerSchema, shardSet(instance, 0));
  expect(command).toBe('broker start');
  expect(config).toMatchObject({
    name: 'orders-shard-0',
    fleetFile: '/etc/sluice/fleet/fleet.json',
    adminHost: '0.0.0.0',
    adminPort: 8091,
    durability: sample === 'platinum' ? 'fast' : 'sync',
    retentionHours: sample === 'standard' ? 24 : 72,
    autoCreateTopics: sample === 'development',
    fleetToken: 'fleet-token',
    adminToken: 'admin-token',
  });
  const listeners = 'nodes=8082,balanced=8083,passed=8084,ended=8085';
  expect(config.listeners).toBe(sample === 'platinum' ? listeners : undefined);
});

test.each(SAMPLES)('name servers of a %s instance take theirs', (sample) => {
  const instance = complete(SPECS[sample]);
  const { command, config } = configOf(nameServerSchema, nameServerSet(instance));
  expect(command).toBe('nameserver');
  expect(config).toMatchObject({
    fleetFile: '/etc/sluice/fleet/fleet.json',
    registryHost: '0.0.0.0',
    registryPort: 8091,
    fleetToken: 'fleet-token',
  });
});
