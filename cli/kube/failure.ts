/** Why a cluster can't be read, and what to do about it. */
import { failureText } from '#cli/failure';
import { KubeError } from '#kube/client';
import { API_GROUP } from '#kube/names';

/** What was asked for is not there. */
export class NotThere extends Error {
  readonly next: string;

  constructor(what: string, next: string) {
    super(what);
    this.next = next;
  }
}

/** For standard error. */
export function kubeFailureText(error: unknown): string {
  if (error instanceof NotThere) return failureText(error.message, error.next);
  if (error instanceof KubeError) return failureText(...kubeFailure(error));
  return failureText(error instanceof Error ? error.message : String(error));
}

function kubeFailure(error: KubeError): [what: string, next: string | undefined] {
  const { status, message } = error;
  switch (status) {
    case 0:
      return [
        message,
        'is it the right cluster? `kubectl config get-contexts` shows them; choose one with ' +
          '--context, or a file with --kubeconfig or KUBECONFIG',
      ];
    case 401:
      return [
        `the API server does not know who you are: ${message}`,
        'the credentials in the kubeconfig are wrong or have expired; log in again',
      ];
    case 403:
      return [
        `you may not read that: ${message}`,
        `ask for the right to list the resources of ${API_GROUP}, ` +
          'or name with -n a namespace in which you have it',
      ];
    case 404:
      return [
        `the cluster has no Sluice: it does not know the resources of ${API_GROUP}`,
        'install the chart charts/sluice with Helm, or apply the files in crds/',
      ];
    default:
      return [`${message} (${status})`, undefined];
  }
}
