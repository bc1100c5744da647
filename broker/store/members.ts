/**
 * Who is named in the log: a client is written into it once a segment, when it is first named
 * there, and is its position from then on. So a name is six bytes, finding it is one read, nothing
 * has to be restored at a start, and each segment stands for itself when those before it are
 * deleted.
 */
import { SluiceError } from '#lib/errors';
import { NAME, TRACE } from '#lib/limits';
import { Text } from '#proto/text';

import { RECORD_TYPE, bytesPayload } from '#broker/store/record';
import type { Payload } from '#broker/store/record';
import type { Store } from '#broker/store/store';

/** As much of a call as says who makes it. */
export interface Caller {
  readonly clientId: string;
  /** `address:port` */
  readonly peer: string;
  readonly language: string;
}

/** Of a client that nobody knows. No member is there: the log begins with another record. */
export const NOBODY = 0;

interface Named {
  readonly position: number;
  readonly text: Text | undefined;
}

const UNNAMED: Named = { position: NOBODY, text: undefined };

export class Members {
  readonly #store: Store;
  /** By client id, then by address: one client may have several connections. */
  #named = new Map<string, Map<string, Named>>();
  #count = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The client as it can be named in the record that is appended next. */
  positionOf(caller: Caller | undefined): number {
    return caller ? this.#nameOf(caller).position : NOBODY;
  }

  /** The same for a property of a message; undefined for nobody. */
  textOf(caller: Caller): Text | undefined {
    return this.#nameOf(caller).text;
  }

  #nameOf(caller: Caller): Named {
    return this.#named.get(caller.clientId)?.get(caller.peer) ?? this.#name(caller);
  }

  #name(caller: Caller): Named {
    const { clientId, peer } = caller;
    if (clientId === '') return UNNAMED;
    try {
      const { position } = this.#store.append(RECORD_TYPE.member, memberPayload(caller));
      if (this.#count >= TRACE.membersKept) this.forget();
      let named = this.#named.get(clientId);
      if (!named) this.#named.set(clientId, (named = new Map<string, Named>()));
      const name = { position, text: Text.toKeep(String(position)) };
      named.set(peer, name);
      this.#count++;
      return name;
    } catch (error) {
      // The log takes nothing: whoever writes the record that was to name it finds that out too.
      if (error instanceof SluiceError) return UNNAMED;
      throw error;
    }
  }

  /** A segment begins. */
  forget(): void {
    this.#named = new Map();
    this.#count = 0;
  }
}

/** Client id, address, language: of each the length u8 and UTF-8. */
function memberPayload({ clientId, peer, language }: Caller): Payload {
  return bytesPayload(
    Buffer.concat([
      shortText(clientId, NAME.clientIdBytesMax),
      shortText(peer, TRACE.addressBytesMax),
      shortText(language, TRACE.languageBytesMax),
    ]),
  );
}

function shortText(value: string, bytesMax: number): Buffer {
  const text = Buffer.from(value).subarray(0, bytesMax);
  return Buffer.concat([Buffer.of(text.length), text]);
}

/** What a member record says. @throws SluiceError INTERNAL_ERROR */
export function decodeMember(payload: Buffer): Caller {
  const texts: string[] = [];
  for (let at = 0; at < payload.length;) {
    const end = at + 1 + (payload[at] as number);
    if (end > payload.length) break;
    texts.push(payload.toString('utf8', at + 1, end));
    at = end;
  }
  const [clientId, peer, language] = texts;
  if (clientId === undefined || peer === undefined || language === undefined) {
    throw new SluiceError('INTERNAL_ERROR', 'a member record is too short');
  }
  return { clientId, peer, language };
}
