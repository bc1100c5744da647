/** The messages of sluice.fleet.v1: what brokers and name servers say to one another. */
import type { Messages } from '#proto/fleet-types';
import { loadProtocol } from '#proto/load';

const PACKAGE = 'sluice.fleet.v1';

export const REGISTRY_SERVICE = `${PACKAGE}.Registry`;
export const REGISTER_PATH = `/${REGISTRY_SERVICE}/Register`;

/** Metadata of a Register call: the secret of the fleet, where one is configured. */
export const FLEET_TOKEN_HEADER = 'sluice-fleet-token';

const protocol = loadProtocol<Messages>(new URL('fleet.proto', import.meta.url), PACKAGE);

export const brokerReport = protocol.codec('BrokerReport');
export const registryAnswer = protocol.codec('RegistryAnswer');

export type {
  BrokerHoldings,
  BrokerHoldingsInput,
  BrokerListener,
  BrokerReport,
  RegistryAnswerInput,
  TopicQueues,
} from '#proto/fleet-types';
export { TopicKind } from '#proto/fleet-types';
