import { rocketmqTarget } from './target-rocketmq.ts';
import { sluiceTarget } from './target-sluice.ts';
import type { Target } from './target.ts';

/** The server named by CONFORMANCE_TARGET: a Sluice of its own (default) or a running RocketMQ. */
export function startTarget(): Promise<Target> {
  const name = process.env['CONFORMANCE_TARGET'] ?? 'sluice';
  if (name === 'sluice') return sluiceTarget();
  if (name === 'rocketmq') return rocketmqTarget(process.env);
  throw new Error(`CONFORMANCE_TARGET is ${name}; allowed: sluice, rocketmq`);
}
