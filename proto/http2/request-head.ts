/** The header block that begins a request, once checked. RFC 9113 8.2, 8.3 */
import type { HeaderFields } from '#proto/http2/hpack/header-fields';

export class RequestHead {
  readonly fields: HeaderFields;
  method = '';
  scheme = '';
  authority = '';
  path = '';
  /** -1 when the client did not say. */
  contentBytes = -1;
  /** What is wrong with it; empty for a well-formed request. */
  readonly problem: string;

  constructor(fields: HeaderFields) {
    this.fields = fields;
    this.problem = this.#read(fields.fields) || this.#missing();
    if (this.authority === '') this.authority = fields.get('host');
  }

  /** Returns what is wrong. */
  #read(fields: readonly string[]): string {
    const seen = new Set<string>();
    let isPseudoOver = false;
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index] as string;
      const value = fields[index + 1] as string;
      if (name.startsWith(':')) {
        if (isPseudoOver) return `${name} comes after other headers`;
        if (seen.has(name)) return `${name} comes twice`;
        seen.add(name);
        if (!this.#takePseudo(name, value)) return `${name} is no header of requests`;
        continue;
      }
      isPseudoOver = true;
      const problem = problemOf(name, value);
      if (problem !== '') return problem;
      if (name === 'content-length') {
        if (!CONTENT_LENGTH.test(value)) return 'content-length is no number';
        this.contentBytes = Number(value);
      }
    }
    return '';
  }

  #takePseudo(name: string, value: string): boolean {
    if (name === ':method') this.method = value;
    else if (name === ':path') this.path = value;
    else if (name === ':scheme') this.scheme = value;
    else if (name === ':authority') this.authority = value;
    else return false;
    return true;
  }

  #missing(): string {
    if (this.method === '') return ':method is missing';
    if (this.scheme === '') return ':scheme is missing';
    return this.path === '' ? ':path is missing' : '';
  }
}

/** The last well-formed heads: a block that came before is the same object, and so is its head. */
export class RequestHeads {
  readonly #kept: RequestHead[] = [];
  #next = 0;

  of(fields: HeaderFields): RequestHead {
    for (const head of this.#kept) if (head.fields === fields) return head;
    const head = new RequestHead(fields);
    this.#kept[this.#next] = head;
    this.#next = (this.#next + 1) % HEADS_KEPT;
    return head;
  }
}

/** Trailers have no pseudo headers. Returns what is wrong, or nothing. */
export function trailersProblem({ fields }: HeaderFields): string {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const problem = problemOf(name, fields[index + 1] as string);
    if (problem !== '') return problem;
  }
  return '';
}

/** A client uses a handful of methods. */
const HEADS_KEPT = 8;
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const CONTENT_LENGTH = /^\d{1,15}$/;
// oxlint-disable-next-line no-control-regex
const FORBIDDEN_IN_VALUES = /[\0\r\n]/;
const OF_HTTP_1 = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

function problemOf(name: string, value: string): string {
  if (!NAME.test(name)) return 'a header name with a character that is not allowed';
  if (FORBIDDEN_IN_VALUES.test(value)) return `${name} has a character that is not allowed`;
  if (OF_HTTP_1.has(name)) return `${name} is a header of HTTP/1`;
  return name === 'te' && value !== 'trailers' ? 'te is not trailers' : '';
}
