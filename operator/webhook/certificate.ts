/**
 * The webhook's own certificates, as they lie in a Secret: the one that calls are answered with,
 * the one that will take its place, and all that the API server has to trust meanwhile. Each is
 * self-signed and its own root: an authority above them would have to be rotated just the same.
 *
 *   day 0       day 60                     as soon as B is trusted      day 90
 *   serving A   serving A, next B          serving B
 *   trusted A   trusted A and B            trusted A and B              trusted B
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';

/** PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly serving: KeyPair;
  /** Undefined unless a rotation is under way. */
  readonly next: KeyPair | undefined;
  /** Those two, and earlier ones until they expire: another replica may still serve with them. */
  readonly trusted: readonly string[];
}

export interface Circumstances {
  /** Host names and addresses that calls come for. */
  readonly names: readonly string[];
  readonly nowMs: number;
  /** PEM: what API servers trust right now. Undefined where nobody calls. */
  readonly installed: string | undefined;
}

/** Data of a Secret, in base64. */
export type SecretData = Readonly<Record<string, string>>;

/** Keys of the Secret's data; the first two are those of the type kubernetes.io/tls. */
const CERT = 'tls.crt';
const KEY = 'tls.key';
const NEXT_CERT = 'next.crt';
const NEXT_KEY = 'next.key';
const TRUSTED = 'ca.crt';

/** What has to be there now, given what the Secret holds. Damaged values are as good as none. */
export function advance(data: SecretData, at: Circumstances): Certificates {
  const pairs = advancePairs(
    usablePair(data[CERT], data[KEY], at),
    usablePair(data[NEXT_CERT], data[NEXT_KEY], at),
    at,
  );
  const current = [pairs.serving, pairs.next].flatMap((pair) => (pair ? [pair.cert] : []));
  const earlier = certificatesIn(decode(data[TRUSTED])).filter(
    (cert) => !current.includes(cert) && validity(cert).untilMs > at.nowMs,
  );
  return { ...pairs, trusted: [...current, ...earlier].slice(0, WEBHOOK.trustedMax) };
}

export function secretData({ serving, next, trusted }: Certificates): SecretData {
  return {
    [CERT]: encode(serving.cert),
    [KEY]: encode(serving.key),
    ...(next && { [NEXT_CERT]: encode(next.cert), [NEXT_KEY]: encode(next.key) }),
    [TRUSTED]: caBundle(trusted),
  };
}

/** As `clientConfig.caBundle` wants it. */
export function caBundle(trusted: readonly string[]): string {
  return encode(trusted.join(''));
}

/** When the certificate stops being valid, in ms since the epoch. */
export function expiryMs(cert: string): number {
  return validity(cert).untilMs;
}

export function decode(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}

function advancePairs(
  serving: KeyPair | undefined,
  next: KeyPair | undefined,
  at: Circumstances,
): Pick<Certificates, 'serving' | 'next'> {
  // Without one that can serve there is nothing to be careful about.
  if (!serving) return { serving: next ?? createPair(at), next: undefined };
  if (next) {
    return isAdoptable(next, at) ? { serving: next, next: undefined } : { serving, next };
  }
  const isDue = ageMs(serving, at) >= WEBHOOK.rotateAfterMs;
  return { serving, next: isDue ? createPair(at) : undefined };
}

/** Every API server trusts it: it is installed, and they had the time to hear of it. */
function isAdoptable(next: KeyPair, at: Circumstances): boolean {
  const isInstalled = at.installed === undefined || at.installed.includes(next.cert);
  return isInstalled && ageMs(next, at) >= WEBHOOK.adoptAfterMs;
}

function createPair({ names, nowMs }: Circumstances): KeyPair {
  return createSelfSigned({
    names,
    notBefore: new Date(nowMs - WEBHOOK.backdateMs),
    notAfter: new Date(nowMs + WEBHOOK.validMs),
  });
}

/** The pair, if calls for these names can be answered with it now. */
function usablePair(
  cert64: string | undefined,
  key64: string | undefined,
  { names, nowMs }: Circumstances,
): KeyPair | undefined {
  const [cert] = certificatesIn(decode(cert64));
  const key = decode(key64);
  if (cert === undefined || !isKeyOf(key, cert)) return undefined;
  const x509 = new X509Certificate(cert);
  const { fromMs, untilMs } = validity(cert);
  const isValid = fromMs <= nowMs && nowMs < untilMs;
  const hasNames = names.every((name) => (isIP(name) ? x509.checkIP(name) : x509.checkHost(name)));
  return isValid && hasNames ? { cert, key } : undefined;
}

function isKeyOf(key: string, cert: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    // Not a private key at all.
    return false;
  }
}

/** The certificates of a text that can be read, each as PEM with one newline at its end. */
function certificatesIn(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block).toString()];
    } catch {
      // Damaged: nothing can be answered with it.
      return [];
    }
  });
}

function ageMs({ cert }: KeyPair, { nowMs }: Circumstances): number {
  return nowMs - validity(cert).fromMs - WEBHOOK.backdateMs;
}

function validity(cert: string): { fromMs: number; untilMs: number } {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  return { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
