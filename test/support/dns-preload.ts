/**
 * Loaded with --import by clients that run beside a cluster, not in it: they find its names, those
 * under cluster.local, by the DNS server that the variable CLUSTER_DNS has the address of.
 */
import dns from 'node:dns';

const SUFFIX = '.cluster.local';
const server = process.env['CLUSTER_DNS'];

if (server !== undefined) {
  const resolver = new dns.promises.Resolver({ timeout: 2000, tries: 3 });
  resolver.setServers([server]);
  const { lookup } = dns.promises;
  const found = async (hostname: string, options: dns.LookupAllOptions): Promise<unknown> => {
    if (!hostname.endsWith(SUFFIX)) return lookup(hostname, options);
    const addresses = await resolver.resolve4(hostname);
    return addresses.map((address) => ({ address, family: 4 }));
  };
  // What the client's library calls, which always asks for all addresses.
  dns.promises.lookup = found as typeof lookup;
}
