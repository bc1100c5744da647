import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CERTIFICATE } from '#lib/limits';
import { keepSelfSigned, readCertificate } from '#proto/grpc-transport/certificate';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';
import { silentLog } from '#support/grpc-echo';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a certificate is made at the first start and kept', async () => {
  const tls = join(directory, 'tls');
  const made = await keepSelfSigned(tls, silentLog);
  const certificate = new X509Certificate(made.cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkIssued(certificate)).toBe(true);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkHost(hostname(), { partialWildcards: false })).toBeDefined();
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('::1')).toBe('::1');
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
  expect((await readdir(tls)).toSorted()).toEqual(['cert.pem', 'key.pem']);
  expect((await stat(join(tls, 'key.pem'))).mode & 0o777).toBe(0o600);
  expect(await keepSelfSigned(tls, silentLog)).toEqual(made);
});

test('it is renewed with less than 30 days left, not before', async () => {
  const startMs = Date.now();
  const made = await keepSelfSigned(directory, silentLog, () => startMs);
  const renewMs = startMs + CERTIFICATE.validMs - CERTIFICATE.renewBeforeMs;
  expect(await keepSelfSigned(directory, silentLog, () => renewMs - 1000)).toEqual(made);
  const renewed = await keepSelfSigned(directory, silentLog, () => renewMs + 1000);
  expect(renewed).not.toEqual(made);
  expect(await readFile(join(directory, 'cert.pem'), 'utf8')).toBe(renewed.cert);
});

test.each([
  ['rubbish', 'rubbish'],
  ['empty', ''],
  ["another key's", pair().cert],
])('a kept certificate that is %s is replaced', async (_name, cert) => {
  const made = await keepSelfSigned(directory, silentLog);
  await writeFile(join(directory, 'cert.pem'), cert);
  const replaced = await keepSelfSigned(directory, silentLog);
  expect(replaced.cert).not.toEqual(made.cert);
  expect(await keepSelfSigned(directory, silentLog)).toEqual(replaced);
});

test('what a crash left half written is overwritten, with the right mode', async () => {
  await writeFile(join(directory, 'key.pem.new'), 'half', { mode: 0o644 });
  await keepSelfSigned(directory, silentLog);
  expect((await stat(join(directory, 'key.pem'))).mode & 0o777).toBe(0o600);
  expect((await readdir(directory)).toSorted()).toEqual(['cert.pem', 'key.pem']);
});

test('configured files are read, and refused by name when they are of no use', async () => {
  const { cert, key } = pair();
  const files = { certPath: join(directory, 'a.pem'), keyPath: join(directory, 'b.pem') };
  await expect(readCertificate(files)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('a.pem'),
  });
  await writeFile(files.certPath, cert);
  await writeFile(files.keyPath, key);
  expect(await readCertificate(files)).toEqual({ cert, key });
  await writeFile(files.keyPath, pair().key);
  await expect(readCertificate(files)).rejects.toThrow('does not belong');
});

test('names of every kind are in the certificate', () => {
  const addresses = ['10.1.2.3', '::', '2001:db8::1', 'fe80::1:2:3', '1:2:3:4:5:6:7:8'];
  const { cert } = pair(['a.example', ...addresses]);
  const certificate = new X509Certificate(cert);
  expect(certificate.subject).toBe('CN=a.example');
  for (const address of addresses) expect(certificate.checkIP(address)).toBe(address);
});

test('a certificate that ends after 2049 says so in the long form', () => {
  const { cert } = pair(['localhost'], new Date(Date.UTC(2051, 0, 2, 3, 4, 5)));
  expect(new X509Certificate(cert).validToDate.toISOString()).toBe('2051-01-02T03:04:05.000Z');
});

function pair(names = ['localhost'], notAfter = new Date(Date.now() + 3_600_000)) {
  return createSelfSigned({ names, notBefore: new Date(Date.now() - 3_600_000), notAfter });
}
