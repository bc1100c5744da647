import { expect, test } from '@jest/globals';
import { KubeError } from '#kube/client';
import { CONFIG_MAPS, NAMESPACES, PODS, SECRETS, TOPICS } from '#kube/resources';
import { describeWithCluster, unrestricted } from '#support/kube';

const ALL_CONFIG_MAPS = unrestricted(CONFIG_MAPS);

describeWithCluster('the client', (cluster) => {
  const configMap = (name: string, data: Record<string, string>) => ({
    metadata: { namespace: cluster().namespace, name },
    data,
  });

  test('get gives the object, or undefined', async () => {
    const { client, namespace } = cluster();
    const found = await client.get(NAMESPACES, { name: namespace });
    expect(found?.metadata?.name).toBe(namespace);
    expect(await client.get(CONFIG_MAPS, { namespace, name: 'none' })).toBeUndefined();
  });

  test('apply makes an object, then changes what it holds', async () => {
    const { client, calls } = cluster();
    const made = await client.apply(CONFIG_MAPS, configMap('applied', { a: '1', b: '1' }));
    expect(calls.at(-1)).toMatchObject({ verb: 'patch', resource: 'configmaps', code: 201 });
    expect(made.metadata?.uid).toBeDefined();
    const changed = await client.apply(CONFIG_MAPS, configMap('applied', { a: '2' }));
    expect(calls.at(-1)).toMatchObject({ code: 200 });
    expect(changed.data).toEqual({ a: '2' });
    const [manager] = changed.metadata?.managedFields ?? [];
    expect(manager).toMatchObject({ manager: 'sluice-operator', operation: 'Apply' });
  });

  test('apply takes a field over from somebody else only with force', async () => {
    const { client } = cluster();
    const other = { metadata: configMap('shared', {}).metadata, data: { a: 'theirs' } };
    await client.create(ALL_CONFIG_MAPS, other);
    const ours = configMap('shared', { a: 'ours' });
    const refused = await failure(client.apply(CONFIG_MAPS, ours));
    expect(refused).toMatchObject({ status: 409, reason: 'Conflict', isConflict: true });
    expect((await client.apply(CONFIG_MAPS, ours, { force: true })).data).toEqual({ a: 'ours' });
  });

  test('create does not overwrite', async () => {
    const { client } = cluster();
    await client.create(ALL_CONFIG_MAPS, configMap('once', {}));
    const refused = await failure(client.create(ALL_CONFIG_MAPS, configMap('once', {})));
    expect(refused).toMatchObject({ status: 409, reason: 'AlreadyExists' });
  });

  test('replace is a compare-and-swap', async () => {
    const { client } = cluster();
    const first = await client.create(ALL_CONFIG_MAPS, configMap('swapped', { a: '1' }));
    const second = await client.replace(ALL_CONFIG_MAPS, {
      metadata: first.metadata ?? {},
      data: { a: '2' },
    });
    expect(second.data).toEqual({ a: '2' });
    const late = await failure(
      client.replace(ALL_CONFIG_MAPS, { metadata: first.metadata ?? {}, data: { a: '3' } }),
    );
    expect(late).toMatchObject({ status: 409, reason: 'Conflict' });
    await expect(client.replace(ALL_CONFIG_MAPS, configMap('swapped', {}))).rejects.toThrow(
      'no resourceVersion',
    );
  });

  test('a merge patch removes what it says is null', async () => {
    const { client } = cluster();
    const { metadata } = await client.apply(CONFIG_MAPS, configMap('merged', { a: '1', b: '2' }));
    const patched = await client.mergePatch(
      CONFIG_MAPS,
      { namespace: metadata?.namespace, name: 'merged' },
      { data: { a: null } },
    );
    expect(patched).toMatchObject({ data: { b: '2' } });
  });

  test('delete says whether there was something, and deletes no other object', async () => {
    const { client, namespace } = cluster();
    const ref = { namespace, name: 'gone' };
    await client.create(ALL_CONFIG_MAPS, configMap('gone', {}));
    const other = await failure(client.delete(ALL_CONFIG_MAPS, ref, { uid: 'another' }));
    expect(other).toMatchObject({ status: 409, reason: 'Conflict' });
    expect(await client.delete(ALL_CONFIG_MAPS, ref, { propagation: 'Background' })).toBe(true);
    expect(await client.delete(ALL_CONFIG_MAPS, ref)).toBe(false);
  });

  test('lists come in pages, whole, and say what their objects are', async () => {
    const { client, namespace, calls } = cluster();
    const names = Array.from({ length: 510 }, (_, index) => `page-${index}`);
    const labels = { paged: 'yes' };
    for (let start = 0; start < names.length; start += 32) {
      const some = names.slice(start, start + 32);
      const create = (name: string) =>
        client.create(ALL_CONFIG_MAPS, { metadata: { namespace, name, labels } });
      await Promise.all(some.map(create));
    }
    const before = calls.length;
    const options = { namespace, labelSelector: 'paged=yes' };
    const { items, resourceVersion } = await client.list(CONFIG_MAPS, options);
    expect(calls.length - before).toBe(2);
    expect(new Set(items.map(({ metadata }) => metadata?.name))).toEqual(new Set(names));
    expect(items[0]).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
    expect(Number(resourceVersion)).toBeGreaterThan(0);
  });

  test('a refusal has the words of the API server', async () => {
    const { client } = cluster();
    const refused = await failure(client.create(ALL_CONFIG_MAPS, configMap('No_Name', {})));
    expect(refused).toMatchObject({ status: 422, reason: 'Invalid' });
    expect(refused.message).toContain('metadata.name: Invalid value: "No_Name"');
  });

  test('a name leads to no other place', async () => {
    const { client, namespace } = cluster();
    await expect(client.get(CONFIG_MAPS, { namespace, name: '..' })).rejects.toThrow('no name');
    await expect(client.get(CONFIG_MAPS, { namespace, name: '' })).rejects.toThrow('no name');
    expect(await client.get(CONFIG_MAPS, { namespace, name: '../../nodes' })).toBeUndefined();
    await expect(client.get(CONFIG_MAPS, { name: 'a' })).rejects.toThrow('needs its namespace');
  });

  test('what a resource does not declare is refused before it is sent', async () => {
    const { client, namespace, calls } = cluster();
    const before = calls.length;
    const ref = { namespace, name: 'a' };
    await expect(client.list(SECRETS)).rejects.toThrow('list of secrets is not declared');
    await expect(client.create(TOPICS, {} as never)).rejects.toThrow('create of topics');
    await expect(client.apply(PODS, { metadata: ref })).rejects.toThrow('create of pods');
    await expect(client.applyStatus(PODS, { metadata: ref })).rejects.toThrow(
      'patch of pods/status is not declared',
    );
    expect(calls.length).toBe(before);
  });

  test('a watch tells what happens from a version on, and ends in time', async () => {
    const { client, namespace } = cluster();
    const labels = { watched: 'yes' };
    const options = { namespace, labelSelector: 'watched=yes' };
    const { resourceVersion } = await client.list(CONFIG_MAPS, options);
    const metadata = { namespace, name: 'watched', labels };
    await client.apply(CONFIG_MAPS, { metadata, data: { a: '1' } });
    await client.apply(CONFIG_MAPS, { metadata, data: { a: '2' } });
    await client.delete(ALL_CONFIG_MAPS, metadata);
    const watch = { ...options, resourceVersion, timeoutSeconds: 1 };
    const seen: string[] = [];
    for await (const event of client.watch(CONFIG_MAPS, watch, new AbortController().signal)) {
      if (event.type !== 'BOOKMARK') seen.push(`${event.type} ${event.object.data?.['a']}`);
    }
    expect(seen).toEqual(['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
  });

  test('a watch from long ago is 410', async () => {
    const { client, namespace } = cluster();
    const watch = { namespace, resourceVersion: '1', timeoutSeconds: 5 };
    const events = client.watch(CONFIG_MAPS, watch, new AbortController().signal);
    const refused = await failure(events[Symbol.asyncIterator]().next());
    expect(refused).toMatchObject({ status: 410, reason: 'Expired', isExpired: true });
  });

  test('a watch ends when it is told to', async () => {
    const { client, namespace } = cluster();
    const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace });
    const ending = new AbortController();
    const watch = {
      namespace,
      resourceVersion,
      timeoutSeconds: 60,
      onOpen: () => setTimeout(() => ending.abort(), 20),
    };
    for await (const event of client.watch(CONFIG_MAPS, watch, ending.signal)) void event;
    expect(ending.signal.aborted).toBe(true);
  });
});

async function failure(call: Promise<unknown>): Promise<KubeError> {
  const error = await call.then(
    () => new Error('it worked'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KubeError);
  return error as KubeError;
}
