import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { advance, decode, secretData, type SecretData } from '#operator/webhook/certificate';
import { ManualClock } from '#support/manual-clock';

const NAMES = ['hook.sluice.svc', 'hook.sluice.svc.cluster.local', '127.0.0.1'];
const DAY_MS = 24 * 3600 * 1000;
const clock = new ManualClock();
const startMs = clock.nowMs();

interface Moment {
  readonly days?: number;
  readonly ms?: number;
  readonly names?: readonly string[];
  readonly installed?: string;
}

/** What the Secret holds after a look at it so long after the start. */
function after(data: SecretData, { days = 0, ms = 0, names = NAMES, installed }: Moment = {}) {
  const nowMs = startMs + days * DAY_MS + ms;
  const state = advance(data, { names, nowMs, installed });
  return { ...state, data: secretData(state), cert: new X509Certificate(state.serving.cert) };
}

const first = after({});

test('the first certificate is valid for the names, 90 days, and trusted', () => {
  const { cert, trusted, next } = first;
  expect(cert.checkHost('hook.sluice.svc')).toBe('hook.sluice.svc');
  expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(cert.validToDate.getTime()).toBe(startMs + 90 * DAY_MS);
  expect(cert.validFromDate.getTime()).toBe(startMs - DAY_MS);
  expect(trusted).toEqual([first.serving.cert]);
  expect(next).toBeUndefined();
});

test('until day 60 nothing changes, not even a byte of the Secret', () => {
  expect(after(first.data, { days: 1 }).data).toEqual(first.data);
  expect(after(first.data, { days: 60, ms: -1 }).data).toEqual(first.data);
});

test('from day 60 on the next one is trusted, and serves no call yet', () => {
  const rotating = after(first.data, { days: 60 });
  expect(rotating.serving).toEqual(first.serving);
  expect(rotating.trusted).toEqual([first.serving.cert, rotating.next?.cert]);
  expect(after(rotating.data, { days: 60, ms: 1000 }).data).toEqual(rotating.data);
});

test('the next one serves once it was installed for a while; the old one stays trusted', () => {
  const rotating = after(first.data, { days: 60 });
  const installed = rotating.trusted.join('');
  const early = after(rotating.data, { days: 60, ms: WEBHOOK.adoptAfterMs - 1, installed });
  expect(early.data).toEqual(rotating.data);
  const late = { days: 60, ms: WEBHOOK.adoptAfterMs };
  const refused = after(rotating.data, { ...late, installed: first.serving.cert });
  expect(refused.data).toEqual(rotating.data);
  const adopted = after(rotating.data, { ...late, installed });
  expect(adopted.serving).toEqual(rotating.next);
  expect(adopted.next).toBeUndefined();
  expect(adopted.trusted).toEqual([rotating.next?.cert, first.serving.cert]);
  expect(after(adopted.data, { days: 90 }).trusted).toEqual([adopted.serving.cert]);
});

test('where nobody calls, the next one only waits its time', () => {
  const rotating = after(first.data, { days: 60 });
  const adopted = after(rotating.data, { days: 60, ms: WEBHOOK.adoptAfterMs });
  expect(adopted.serving).toEqual(rotating.next);
});

test('an operator that was away for long serves what is valid', () => {
  const rotating = after(first.data, { days: 60 });
  const back = after(rotating.data, { days: 91, installed: '' });
  expect(back.serving).toEqual(rotating.next);
  const later = after(rotating.data, { days: 200, installed: '' });
  expect(later.trusted).toEqual([later.serving.cert]);
  expect(later.serving).not.toEqual(rotating.next);
});

test('other names: a new one at once, the old one stays trusted', () => {
  const renamed = after(first.data, { days: 1, names: ['other.sluice.svc'] });
  expect(renamed.cert.checkHost('other.sluice.svc')).toBe('other.sluice.svc');
  expect(renamed.trusted).toEqual([renamed.serving.cert, first.serving.cert]);
});

const text = (value: string): string => Buffer.from(value).toString('base64');
const cut = (value = ''): string => text(decode(value).slice(0, 200));
const otherPair = after({}).data;

test.each<[string, SecretData]>([
  ['no key', { ...first.data, 'tls.key': '' }],
  ['a key of another certificate', { ...first.data, 'tls.key': otherPair['tls.key'] ?? '' }],
  ['half a key', { ...first.data, 'tls.key': cut(first.data['tls.key']) }],
  ['half a certificate', { ...first.data, 'tls.crt': cut(first.data['tls.crt']) }],
  ['no base64', { ...first.data, 'tls.crt': '%%%' }],
  ['garbage in PEM', { ...first.data, 'tls.crt': text(pem('AAAA')) }],
])('%s in the Secret: replaced at once', (_name, data) => {
  const mended = after(data, { days: 1 });
  expect(mended.serving).not.toEqual(first.serving);
  // Other replicas may still serve with it.
  expect(mended.trusted).toEqual([mended.serving.cert, first.serving.cert]);
});

test('what can not be read is not trusted, and the list stays short', () => {
  const many = Array.from({ length: 20 }, () => after({}).serving.cert);
  const data = { ...first.data, 'ca.crt': text(pem('AAAA') + many.join('')) };
  const { trusted } = after(data);
  expect(trusted).toEqual([first.serving.cert, ...many.slice(0, WEBHOOK.trustedMax - 1)]);
});

function pem(content: string): string {
  return `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----\n`;
}
