/** The settings of the processes of a fleet. */
import { hostname } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { brokerSchema } from '#cli/broker-config';
import { nameServerSchema } from '#cli/nameserver-config';
import { loadConfig, settingsOf } from '#lib/config';
import { runCli } from '#support/run-cli';

const everywhere = { host: '0.0.0.0', nameServers: 'ns-1:8091,[::1]:8092' };

const wrongListeners: [Record<string, string>, string][] = [
  [{ listeners: 'external' }, '--listeners: got "external"; allowed: 1 to 15 times NAME=PORT'],
  [{ listeners: 'External=1' }, '--listeners: got "External=1"; allowed: 1 to 15'],
  [{ listeners: 'external=70000' }, '--listeners: got "external=70000"'],
  [{ listeners: 'a=1,b=2,a=3' }, '--listeners: a is there twice'],
  [{ listeners: 'internal=1' }, '--listeners: internal is the listener on --grpc-port'],
  [{ listeners: `${'x'.repeat(64)}=1` }, 'a name has at most 63 characters'],
  [{ listeners: names(16) }, '--listeners: got "l0=0,'],
];

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `l${index}=0`).join(',');
}

describe('of a broker', () => {
  test.each([
    [everywhere, '--host: 0.0.0.0 is no address that a client could dial'],
    [{ nameServers: 'ns-1' }, '--name-servers: got "ns-1"; allowed: 1 to 16 times HOST:PORT'],
    [{ nameServers: 'ns-1:0' }, '--name-servers: got "ns-1:0"'],
    [{ nameServers: 'ns-1:1,' }, '--name-servers: got "ns-1:1,"'],
    [{ nameServers: Array(17).fill('n:1').join(',') }, '--name-servers: got'],
    [{ name: 'a b' }, '--name: got "a b"; allowed: 1 to 128 letters'],
    [{ name: 'x'.repeat(129) }, '--name: got "xxx'],
    [{ fleetToken: 'short' }, '--fleet-token: got a secret; allowed: 8 to 256'],
    [{ fleetFile: 'f', nameServers: 'n:1' }, '--name-servers: the file of --fleet-file says'],
    [{ fleetFile: 'f', advertise: 'a:1' }, '--advertise: the file of --fleet-file says where cl'],
    [{ listeners: 'external=1', nameServers: 'n:1' }, '--listeners: name servers have to be told'],
    ...wrongListeners,
    [
      { listeners: 'a=0', proxyProtocol: 'a,b' },
      '--proxy-protocol: no listener b; there are: internal, a',
    ],
    [{ adminHost: '0.0.0.0' }, '--admin-host: 0.0.0.0 is reachable from elsewhere'],
  ])('%j is refused', (flags, message) => {
    expect(() => loadConfig(brokerSchema, { flags, env: {} })).toThrow(message);
  });

  test.each([
    { ...everywhere, advertise: 'broker.example:8081' },
    { host: '0.0.0.0' },
    { nameServers: Array(16).fill('n:1').join(',') },
    { host: '0.0.0.0', fleetFile: 'fleet.json', listeners: 'external=8082,zone-a=0' },
    { listeners: 'external=8082' },
    { listeners: 'external=8082', proxyProtocol: 'internal,external' },
  ])('%j is fine', (flags) => {
    expect(loadConfig(brokerSchema, { flags, env: {} })).toMatchObject(flags);
  });

  test("its name is the host's unless it is given", () => {
    expect(loadConfig(brokerSchema, { flags: {}, env: {} }).name).toBe(hostname());
  });
});

describe('of a name server', () => {
  test.each([
    [{ registryHost: '0.0.0.0' }, '--registry-host: 0.0.0.0 is reachable from elsewhere'],
    [{ registryPort: '70000' }, '--registry-port: got 70000; allowed: a whole number from 0'],
    ...wrongListeners,
    [{ proxyProtocol: 'external' }, '--proxy-protocol: no listener external; there are: internal'],
    [{ tlsCert: 'cert.pem' }, '--tls-cert: a certificate and its key come together'],
  ])('%j is refused', (flags, message) => {
    expect(() => loadConfig(nameServerSchema, { flags, env: {} })).toThrow(message);
  });

  test('it may have listeners for which brokers say their addresses', () => {
    const flags = { listeners: names(15), fleetFile: 'fleet.json' };
    expect(loadConfig(nameServerSchema, { flags, env: {} })).toMatchObject(flags);
  });

  test('a token makes a registry that others can reach', () => {
    const flags = { registryHost: '0.0.0.0' };
    const env = { SLUICE_FLEET_TOKEN: 'long-enough' };
    expect(loadConfig(nameServerSchema, { flags, env })).toMatchObject({
      registryHost: '0.0.0.0',
      fleetToken: 'long-enough',
      registryPort: 8091,
      grpcPort: 8081,
    });
  });
});

test('settings of the same name mean the same to both', () => {
  const ofBroker = new Map(settingsOf(brokerSchema).map((setting) => [setting.name, setting]));
  const shared = settingsOf(nameServerSchema).filter(({ name }) => ofBroker.has(name));
  expect(shared.map(({ name }) => name)).toContain('fleetToken');
  for (const setting of shared) expect(ofBroker.get(setting.name)).toEqual(setting);
});

test.each([
  [['nameserver'], '--registry-port <PORT>'],
  [['broker', 'start'], '--name-servers <HOST:PORT,...>'],
])('%j has its help, and refuses what it does not know with exit code 2', async (path, option) => {
  const help = await runCli([...path, '--help']);
  expect({ code: help.code, stderr: help.stderr }).toEqual({ code: 0, stderr: '' });
  expect(help.stdout).toContain(option);
  const wrong = await runCli(path, { env: { SLUICE_GRPC_PROT: '1' } });
  expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('unknown; did you mean SLUICE_GRPC_PORT?');
  expect(wrong.stderr).toContain(`\`sluice ${path.join(' ')} --help\` lists what there is`);
});
