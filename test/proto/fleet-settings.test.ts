import { describe, expect, test } from '@jest/globals';
import { FLEET, REGISTRY } from '#lib/fleet-limits';
import { CONFIG } from '#lib/limits';
import { fleetBroker, parseFleetSettings } from '#proto/fleet-settings';

const whole = {
  revision: '7',
  nameServers: ['ns-0.ns:8091', '[2001:db8::1]:8091'],
  edition: 'standard',
  tps: 5000,
  brokers: {
    'orders-0': {
      readOnly: true,
      listeners: { internal: 'orders-0.svc:8081', external: '192.0.2.7:30081' },
    },
  },
};

const parse = (settings: unknown) => parseFleetSettings(JSON.stringify(settings));

test('settings are what the file says', () => {
  expect(parse(whole)).toEqual(whole);
});

test('a broker takes messages, and has no addresses, unless the file says so', () => {
  const { tps: _none, ...unlimited } = whole;
  const settings = parse({ ...unlimited, brokers: { a: {} } });
  expect(settings.tps).toBeUndefined();
  expect(fleetBroker(settings, 'a')).toEqual({ readOnly: false, listeners: {} });
});

test('what a newer writer adds is left out, and refuses nothing', () => {
  const brokers = { 'orders-0': { ...whole.brokers['orders-0'], weight: 3 } };
  expect(parse({ ...whole, brokers, colour: 'red' })).toEqual(whole);
});

test.each(['constructor', '__proto__', 'b'])('%s is no broker of the fleet', (name) => {
  expect(fleetBroker(parse(whole), name)).toBeUndefined();
});

describe('refused is', () => {
  const listeners = (all: object) => ({ ...whole, brokers: { a: { listeners: all } } });
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, index]));
  const each = (all: object, value: unknown) =>
    Object.fromEntries(Object.keys(all).map((key) => [key, value]));

  test.each<[string, unknown, string]>([
    ['no revision', { ...whole, revision: undefined }, 'revision: '],
    ['a long revision', { ...whole, revision: 'r'.repeat(257) }, 'revision: Too big'],
    ['another edition', { ...whole, edition: 'gold' }, 'edition: Invalid option'],
    ['no messages at all', { ...whole, tps: 0 }, 'tps: Too small'],
    ['half a message', { ...whole, tps: 1.5 }, 'tps: '],
    ['a name server without a port', { ...whole, nameServers: ['ns'] }, 'nameServers.0: must be H'],
    ['a name server on port 0', { ...whole, nameServers: ['ns:0'] }, 'nameServers.0: must be HOST'],
    ['a path as an address', listeners({ internal: 'a/b:1' }), 'brokers.a.listeners.internal: m'],
    ['a listener in capitals', listeners({ External: 'a:1' }), 'brokers.a.listeners.External: '],
    ['a listener that is long', listeners({ ['x'.repeat(64)]: 'a:1' }), 'Too big'],
    ['a broker with blanks', { ...whole, brokers: { 'a b': {} } }, 'brokers.a b: must have'],
    ['a list', [], 'the whole: '],
    ['null', null, 'the whole: '],
    [
      'too many name servers',
      { ...whole, nameServers: Array(CONFIG.nameServersMax + 1).fill('n:1') },
      'nameServers: Too big',
    ],
    [
      'too many listeners',
      listeners(each(many(REGISTRY.listenersMax + 1), 'a:1')),
      `brokers.a.listeners: must be at most ${REGISTRY.listenersMax}`,
    ],
    [
      'too many brokers',
      { ...whole, brokers: each(many(REGISTRY.brokersMax + 1), {}) },
      `brokers: must be at most ${REGISTRY.brokersMax}`,
    ],
  ])('%s', (_name, settings, message) => {
    const refusal = expect.objectContaining({ code: 'BAD_REQUEST' });
    expect(() => parse(settings)).toThrow(refusal);
    expect(() => parse(settings)).toThrow(message);
  });

  test('what is no JSON', () => {
    expect(() => parseFleetSettings('{"revision":')).toThrow('no JSON: ');
  });

  test('much that is wrong, in a message that stays short', () => {
    const brokers = each(many(100), { readOnly: 'perhaps' });
    let message = '';
    try {
      parse({ ...whole, brokers });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.split('; ')).toHaveLength(FLEET.problemsShownMax + 1);
    expect(message).toContain('; 100 in all');
  });
});
