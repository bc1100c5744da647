/** Who may call the admin service: whoever knows the token, when there is one. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { SluiceError } from '#lib/errors';
import { ADMIN } from '#lib/limits';
import type { Call } from '#proto/grpc-transport/call';

/** Throws UNAUTHORIZED unless the call carries `authorization: Bearer <token>`. */
export type TokenCheck = (call: Call) => void;

/** Without a token everybody may call: then the port must be one that only this machine reaches. */
export function createTokenCheck(token: string | undefined): TokenCheck {
  if (token === undefined) return () => undefined;
  const expected = digest(token);
  return (call) => {
    const header = call.header('authorization');
    if (header === '') {
      throw new SluiceError(
        'UNAUTHORIZED',
        'the admin port asks for a token: metadata authorization must be "Bearer <token>"',
      );
    }
    const [, given] = /^Bearer +(\S+)$/i.exec(header.slice(0, ADMIN.tokenBytesMax)) ?? [];
    // Hashes have one length, so the comparison takes the same time whatever was given.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new SluiceError('UNAUTHORIZED', 'the admin token is not the one of this broker');
    }
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
