/** What can go wrong with a call, as a KubeError whose message a person can act on. */
import { KubeError } from '#kube/client';
import { KUBE_CALL } from '#lib/kubernetes-limits';

/** The API server's own words; each field may be missing, since proxies answer too. */
export interface Status {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number } | null;
}

const SECOND_MS = 1000;

/** For an answer that is not what was asked for. */
export function statusError(
  code: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
): KubeError {
  const status = parseStatus(text);
  const plain = text.trim().slice(0, KUBE_CALL.errorCharsMax);
  const message = status?.message ?? (plain === '' ? `the API server answered ${code}` : plain);
  const retryAfter = Number(headers['retry-after'] ?? status?.details?.retryAfterSeconds);
  return new KubeError(code, status?.reason ?? `Http${code}`, message, {
    retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * SECOND_MS : undefined,
  });
}

function parseStatus(text: string): Status | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const status = JSON.parse(text) as Status;
    return status.kind === 'Status' ? status : undefined;
  } catch {
    // An answer that only looks like one is told as it is.
    return undefined;
  }
}

/** For whatever was thrown on the way. */
export function errorOf(error: unknown, server: string): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof SyntaxError || error instanceof RangeError) {
    const message = `the answer of ${server} cannot be read: ${error.message}`;
    return new KubeError(0, 'InvalidAnswer', message, { cause: error });
  }
  const message = `cannot reach the API server at ${server}: ${reasonOf(error)}`;
  return new KubeError(0, 'Unreachable', message, { cause: error });
}

/** Of a failed connection to several addresses there is a message for each, and none for all. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
