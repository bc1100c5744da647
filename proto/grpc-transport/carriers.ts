/** The carriers there are, by the name of the transport. */
import { GrpcJsCarrier } from '#proto/grpc-js/grpc-js-carrier';
import type { Carrier, CarrierOptions } from '#proto/grpc-transport/carrier';
import type { Transport } from '#proto/grpc-transport/listener-options';
import { WireCarrier } from '#proto/grpc-wire/wire-carrier';

export function createCarrier(transport: Transport, options: CarrierOptions): Carrier {
  return transport === 'wire' ? new WireCarrier(options) : new GrpcJsCarrier(options);
}
