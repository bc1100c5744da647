/** A check from the endpoint to each broker of the route, as far as it gets. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Deadline } from '#cli/check/deadline';
import { MessagingClient } from '#cli/check/messaging-client';
import { probe, type CheckPlan, type Probed } from '#cli/check/probe';
import { queryRoute, type Target } from '#cli/check/route';
import { troubleOf, type Trouble } from '#cli/check/trouble';
import { formatHostPort, type HostPort } from '#lib/host-port';
import { CHECK } from '#lib/limits';

export interface CheckRequest {
  readonly endpoint: HostPort;
  readonly topic: string;
  readonly group: string;
  /** Messages to each broker. */
  readonly count: number;
  readonly isTls: boolean;
  readonly timeoutMs: number;
}

/** Told while the check goes on. */
export interface CheckObserver {
  routed(targets: readonly Target[], ms: number): void;
  /** In the order of the route. */
  probed(result: Probed): void;
}

export interface CheckResult {
  readonly ms: number;
  readonly routeMs: number;
  /** Empty when there was no route. */
  readonly brokers: readonly Probed[];
  /** What stopped the check before it came to the brokers. */
  readonly trouble: Trouble | undefined;
}

export async function runCheck(
  request: CheckRequest,
  observer: CheckObserver,
): Promise<CheckResult> {
  const startMs = performance.now();
  const plan = planOf(request);
  let routeMs = 0;
  try {
    const targets = await route(plan);
    routeMs = performance.now() - startMs;
    observer.routed(targets, routeMs);
    const brokers = await probeAll(targets, plan, observer);
    return { ms: performance.now() - startMs, routeMs, brokers, trouble: undefined };
  } catch (error) {
    const trouble = troubleOf(error, { ...plan, address: formatHostPort(plan.endpoint) });
    const ms = performance.now() - startMs;
    return { ms, routeMs: routeMs || ms, brokers: [], trouble };
  }
}

function planOf(request: CheckRequest): CheckPlan {
  const id = `${hostname()}@${process.pid}@${randomUUID()}`;
  return {
    ...request,
    producer: { clientId: `check-producer@${id}` },
    consumer: { clientId: `check-consumer@${id}` },
    deadline: new Deadline(request.timeoutMs),
  };
}

async function route(plan: CheckPlan): Promise<readonly Target[]> {
  const { endpoint, topic, isTls, producer: from, deadline } = plan;
  const client = new MessagingClient(endpoint, isTls);
  try {
    const timeoutMs = deadline.forCallMs(CHECK.callMs);
    return await queryRoute(client, endpoint, { topic, from, timeoutMs });
  } finally {
    client.close();
  }
}

async function probeAll(
  targets: readonly Target[],
  plan: CheckPlan,
  observer: CheckObserver,
): Promise<readonly Probed[]> {
  const results: Probed[] = [];
  for (let from = 0; from < targets.length; from += CHECK.brokersAtOnce) {
    const some = targets.slice(from, from + CHECK.brokersAtOnce);
    for (const underWay of some.map((target) => probe(target, plan))) {
      const result = await underWay;
      results.push(result);
      observer.probed(result);
    }
  }
  return results;
}
