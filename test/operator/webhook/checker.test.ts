import { expect, test } from '@jest/globals';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import type { KubeObject } from '#kube/types';
import { Checker } from '#operator/webhook/checker';
import type { Known } from '#operator/webhook/known';

const NAMESPACE = 'apps';
const T0 = '2026-01-01T00:00:00Z';

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  readonly warnings?: readonly string[];
}

interface Asked {
  readonly object: object;
  readonly oldObject?: object;
  readonly operation?: string;
  readonly group?: string;
}

test('a ninth Standard instance of the region is refused; another region or edition is not', () => {
  const world = knowing({ instances: standards(8) });
  const refused = ask(world, { object: instance('zz') });
  expect(refused).toMatchObject({ allowed: false, status: { code: 403, reason: 'Forbidden' } });
  expect(refused.status?.message).toContain('the region default has 8 Standard instances already');
  expect(ask(world, { object: instance('zz', { region: 'west' }) }).allowed).toBe(true);
  expect(ask(world, { object: instance('zz', { edition: 'Platinum' }) }).allowed).toBe(true);
  expect(ask(knowing({ instances: standards(7) }), { object: instance('zz') }).allowed).toBe(true);
});

test('of the same second, the one that is stored comes first, whatever the names', () => {
  const world = knowing({ instances: standards(8) });
  expect(ask(world, { object: instance('aa', {}, T0) }).allowed).toBe(false);
});

test('an old instance that becomes Standard is the newest of them', () => {
  const old = instance('old', { edition: 'Platinum' }, '2020-01-01T00:00:00Z');
  const world = knowing({ instances: [...standards(8), old] });
  const object = { ...old, spec: { edition: 'Standard' } };
  expect(ask(world, { object, oldObject: old }).allowed).toBe(false);
});

test('what counted already may change otherwise, even where there are too many', () => {
  const [first, ...rest] = standards(9).reverse();
  const world = knowing({ instances: [first as Instance, ...rest] });
  const object = { ...first, spec: { edition: 'Standard', retentionHours: 5 } };
  expect(ask(world, { object, oldObject: first as Instance }).allowed).toBe(true);
});

test('queues of a topic can not change on a Standard instance', () => {
  const world = knowing({ instances: [instance('orders')] });
  const before = topic('t', { queues: 8 });
  const refused = ask(world, { object: topic('t', { queues: 16 }), oldObject: before });
  expect(refused).toMatchObject({ allowed: false, status: { code: 422, reason: 'Invalid' } });
  expect(refused.status?.message).toContain('the queues of a topic cannot change');
  const platinum = knowing({ instances: [instance('orders', { edition: 'Platinum' })] });
  expect(ask(platinum, { object: topic('t', { queues: 16 }), oldObject: before }).allowed).toBe(
    true,
  );
});

test('all problems are told at once', () => {
  const world = knowing({
    instances: [instance('orders')],
    topics: [topic('other', { name: 't' })],
  });
  const object = topic('t', { spread: 'AllShards' });
  const { status } = ask(world, { object });
  expect(status?.message).toContain('the Topic other is older and declares t');
  expect(status?.message).toContain('; the instance orders is Standard');
});

test('pull consumers need a Platinum instance', () => {
  const world = knowing({ instances: [instance('orders')] });
  const { allowed, status } = ask(world, { object: consumerGroup('g', { pullAllowed: true }) });
  expect(allowed).toBe(false);
  expect(status?.message).toContain('no pull consumers');
});

test('an instance that is not there yet, or not for long, is worth a warning', () => {
  expect(ask(knowing({}), { object: topic('t') })).toMatchObject({
    allowed: true,
    warnings: [
      'there is no MessageQueueInstance orders in the namespace apps yet: it is waited for',
    ],
  });
  const elsewhere = instance('orders');
  elsewhere.metadata.namespace = 'elsewhere';
  const leaving = { ...instance('orders'), metadata: deleted(instance('orders')) };
  const world = knowing({ instances: [elsewhere, leaving as unknown as Instance] });
  expect(ask(world, { object: consumerGroup('g') }).warnings).toEqual([
    'the MessageQueueInstance orders is being deleted',
  ]);
  expect(ask(knowing({ instances: [instance('orders')] }), { object: topic('t') }).warnings).toBe(
    undefined,
  );
});

test('going to Standard warns of what will not work any more', () => {
  const before = instance('orders', { edition: 'Platinum' });
  const topics = Array.from({ length: 5 }, (_, n) => topic(`t${n}`, { spread: 'AllShards' }));
  const groups = [consumerGroup('g', { pullAllowed: true }), consumerGroup('h')];
  const elsewhere = topic('elsewhere', { instanceRef: { name: 'other' }, spread: 'AllShards' });
  const world = knowing({ instances: [before], topics: [...topics, elsewhere], groups });
  expect(ask(world, { object: instance('orders'), oldObject: before })).toMatchObject({
    allowed: true,
    warnings: [
      'Topic t0, t1, t2 and 2 more has what needs a Platinum instance, and will be Stalled',
      'ConsumerGroup g has what needs a Platinum instance, and will be Stalled',
    ],
  });
});

test('an end, a mark and a deletion are never held up', () => {
  const world = knowing({ instances: standards(9) });
  const bad = instance('zz', {}, T0);
  const marked = structuredClone(bad);
  marked.metadata.annotations = { a: 'b' };
  expect(ask(world, { object: marked, oldObject: bad }).allowed).toBe(true);
  const changed = { ...bad, spec: { edition: 'Standard', region: 'default' } };
  const ending = { ...changed, metadata: deleted(bad) };
  expect(ask(world, { object: ending, oldObject: bad }).allowed).toBe(true);
  expect(ask(world, { object: bad, operation: 'DELETE' }).allowed).toBe(true);
});

test('other kinds are let in', () => {
  const world = knowing({ instances: standards(8) });
  expect(ask(world, { object: instance('zz'), group: 'example.com' })).toEqual({
    uid: 'u-1',
    allowed: true,
  });
  const scale = { ...instance('zz'), kind: 'Scale' };
  expect(ask(world, { object: scale }).allowed).toBe(true);
});

test('what this operator does not know is let in with a warning', () => {
  const world = knowing({ instances: standards(8) });
  const object = { ...instance('zz'), spec: { edition: 'Diamond' } };
  expect(ask(world, { object })).toMatchObject({
    allowed: true,
    warnings: ['not checked: this operator does not know spec.edition'],
  });
  const fromOlder = { ...topic('t'), spec: 'x' };
  expect(ask(world, { object: topic('t'), oldObject: fromOlder }).allowed).toBe(true);
});

test('a long warning is cut', () => {
  const name = 'x'.repeat(250);
  const object = { ...topic(name), spec: { instanceRef: { name: 'i'.repeat(40) } } };
  const { warnings } = ask(knowing({}), { object });
  expect(warnings?.[0]?.length).toBeLessThanOrEqual(256);
});

const GARBAGE: readonly unknown[] = [
  null,
  42,
  'text',
  [],
  {},
  { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
  { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request: request({}) },
  review({ ...request({}), uid: '' }),
  review({ ...request({}), uid: 'u'.repeat(200) }),
  review({ ...request({}), kind: 'Topic' }),
  review({ ...request({}), object: 'text' }),
  review({ ...request({}), object: { metadata: [] } }),
  review({ ...request({}), object: { metadata: { name: 5 } } }),
];

test.each(GARBAGE.map((each) => [JSON.stringify(each).slice(0, 60), each]))(
  'garbage is a bad request: %s',
  (_text, garbage) => {
    const checker = new Checker(knowing({}));
    expect(() => checker.answer(JSON.stringify(garbage))).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
    expect([...checker.counts()]).toEqual([]);
  },
);

test('what is no JSON is a bad request, however deep it is', () => {
  const checker = new Checker(knowing({}));
  for (const body of ['', '{', '['.repeat(1_000_000), '\u0000']) {
    expect(() => checker.answer(body)).toThrow('the body is not JSON');
  }
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const object = JSON.stringify({ ...topic('t'), spec: 0 }).replace('"spec":0', `"spec":${deep}`);
  const body = JSON.stringify(review({ ...request(topic('t')), object: 0 }));
  const answer = checker.answer(body.replace('"object":0', `"object":${object}`));
  expect(answer).toMatchObject({ response: { allowed: true } });
});

test('requests are counted by kind and outcome; kinds that anybody makes up are one', () => {
  const checker = new Checker(knowing({ instances: standards(8) }));
  const say = (object: object, group?: string): object =>
    checker.answer(JSON.stringify(review(request(object, { ...(group && { group }) }))));
  say(instance('zz'));
  say(instance('zz', { edition: 'Platinum' }));
  say(topic('t'));
  for (const kind of ['A', 'B', 'constructor', 'toString']) say({ ...topic('t'), kind });
  say(topic('t'), 'example.com');
  expect([...checker.counts()].filter(([, count]) => count > 0)).toEqual([
    [{ kind: 'MessageQueueInstance', allowed: 'true' }, 1],
    [{ kind: 'MessageQueueInstance', allowed: 'false' }, 1],
    [{ kind: 'Topic', allowed: 'true' }, 1],
    [{ kind: 'other', allowed: 'true' }, 5],
  ]);
});

function ask(known: Known, { object, ...rest }: Asked): Response {
  const answer = new Checker(known).answer(JSON.stringify(review(request(object, rest))));
  expect(answer).toMatchObject({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
  return (answer as { readonly response: Response }).response;
}

function review(content: object): object {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: content };
}

function request(object: object, { oldObject, operation, group }: Partial<Asked> = {}): object {
  const { kind = 'Topic' } = object as KubeObject;
  return {
    uid: 'u-1',
    kind: { group: group ?? 'mq.sluice.dev', version: 'v1beta1', kind },
    operation: operation ?? (oldObject ? 'UPDATE' : 'CREATE'),
    namespace: NAMESPACE,
    object,
    oldObject: oldObject ?? null,
  };
}

function knowing(world: {
  readonly instances?: readonly Instance[];
  readonly topics?: readonly Topic[];
  readonly groups?: readonly ConsumerGroup[];
}): Known {
  return {
    instances: () => world.instances ?? [],
    topics: () => world.topics ?? [],
    groups: () => world.groups ?? [],
  };
}

function standards(count: number): Instance[] {
  return Array.from({ length: count }, (_, number) => instance(`i${number}`));
}

function instance(name: string, spec: Partial<Instance['spec']> = {}, created = T0): Instance {
  return {
    kind: 'MessageQueueInstance',
    metadata: meta(name, created),
    spec: { edition: 'Standard', ...spec },
  };
}

function topic(name: string, spec: Partial<Topic['spec']> = {}): Topic {
  return {
    kind: 'Topic',
    metadata: meta(name),
    spec: { instanceRef: { name: 'orders' }, ...spec },
  };
}

function consumerGroup(name: string, spec: Partial<ConsumerGroup['spec']> = {}): ConsumerGroup {
  const instanceRef = { name: 'orders' };
  return { kind: 'ConsumerGroup', metadata: meta(name), spec: { instanceRef, ...spec } };
}

/** Times are text, as they come from the API. */
function meta(name: string, created = T0): Topic['metadata'] {
  return { name, namespace: NAMESPACE, creationTimestamp: created as unknown as Date };
}

function deleted({ metadata }: Instance): object {
  return Object.assign({}, metadata, { deletionTimestamp: T0 });
}
