/** The server's certificate: the configured one, or one of our own that is made at first start. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeDurably } from '#lib/durable-file';
import { SluiceError } from '#lib/errors';
import { CERTIFICATE } from '#lib/limits';
import type { Log } from '#lib/log';
import type { TlsMaterial } from '#proto/grpc-transport/listener-options';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** The certificate that is configured, or else the self-signed one in `directory`. */
export function openCertificate(
  files: CertificateFiles | undefined,
  directory: string,
  log: Log,
): Promise<TlsMaterial> {
  return files ? readCertificate(files) : keepSelfSigned(directory, log);
}

/** Reads a certificate that somebody else looks after. Throws BAD_REQUEST when it is of no use. */
export async function readCertificate({
  certPath,
  keyPath,
}: CertificateFiles): Promise<TlsMaterial> {
  try {
    return checked(await readFile(certPath, 'utf8'), await readFile(keyPath, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError(
      'BAD_REQUEST',
      `the TLS certificate ${certPath} with the key ${keyPath} can't be used: ${reason}`,
      { cause },
    );
  }
}

/**
 * The self-signed certificate in `directory` (`cert.pem`, `key.pem`), for localhost and this host's
 * name. Made when there is none, when it is damaged, and when it is about to expire.
 */
export async function keepSelfSigned(
  directory: string,
  log: Log,
  now: () => number = Date.now,
): Promise<TlsMaterial> {
  const certPath = join(directory, 'cert.pem');
  const keyPath = join(directory, 'key.pem');
  const kept = await readKept(certPath, keyPath, log);
  if (kept && expiryMs(kept.cert) - now() >= CERTIFICATE.renewBeforeMs) return kept;
  const made = createSelfSigned({
    names: [...new Set(['localhost', hostname(), '127.0.0.1', '::1'])],
    notBefore: new Date(now() - CERTIFICATE.backdateMs),
    notAfter: new Date(now() + CERTIFICATE.validMs),
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A crash between the two leaves a pair that does not fit, which the next start replaces.
  await writeDurably(keyPath, made.key, 0o600);
  await writeDurably(certPath, made.cert, 0o644);
  log.info({ certPath, renewed: kept !== undefined }, 'made a self-signed certificate');
  return made;
}

async function readKept(
  certPath: string,
  keyPath: string,
  log: Log,
): Promise<TlsMaterial | undefined> {
  try {
    return checked(await readFile(certPath, 'utf8'), await readFile(keyPath, 'utf8'));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing) log.warn({ error, certPath }, 'the kept certificate is of no use');
    return undefined;
  }
}

function checked(cert: string, key: string): TlsMaterial {
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the key does not belong to the certificate');
  }
  return { cert, key };
}

function expiryMs(cert: string | Buffer): number {
  return new X509Certificate(cert).validToDate.getTime();
}
