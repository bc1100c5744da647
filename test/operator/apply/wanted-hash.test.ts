import { expect, test } from '@jest/globals';
import { canonicalJson } from '#operator/apply/canonical-json';
import { hashOf } from '#operator/apply/wanted-hash';
import { ANNOTATION } from '#kube/names';

const object = { kind: 'A', metadata: { name: 'a', labels: { x: '1', y: '2' } } };

test('the order of keys is no difference, that of entries is', () => {
  const turned = { metadata: { labels: { y: '2', x: '1' }, name: 'a' }, kind: 'A' };
  expect(hashOf(turned)).toBe(hashOf(object));
  expect(hashOf(object)).toMatch(/^[0-9a-f]{16}$/);
  const list = (...finalizers: string[]) => ({ metadata: { finalizers } });
  expect(hashOf(list('a', 'b'))).not.toBe(hashOf(list('b', 'a')));
});

test('every value counts', () => {
  const labels = { x: '1', y: '3' };
  expect(hashOf({ ...object, metadata: { name: 'a', labels } })).not.toBe(hashOf(object));
});

test('the annotation that it goes into does not count, others do', () => {
  const annotated = (annotations: Record<string, string>) => ({
    ...object,
    metadata: { ...object.metadata, annotations },
  });
  expect(hashOf(annotated({ [ANNOTATION.applied]: 'hash' }))).toBe(hashOf(object));
  expect(hashOf(annotated({ other: '1' }))).not.toBe(hashOf(object));
});

test('canonical JSON is short, sorted at every depth, and leaves out what is undefined', () => {
  const value = { b: [{ d: 1, c: null }], a: undefined, B: 'x' };
  expect(canonicalJson(value)).toBe('{"B":"x","b":[{"c":null,"d":1}]}');
});
