import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES, SluiceError } from '#lib/errors';
import { CODES, Code, OK_STATUS, overallStatus, statusOf } from '#proto/codes';
import { ERRORS_DOC, errorsDoc } from '../../scripts/errors-doc.ts';
import { isCurrent } from '../../scripts/generated-file.ts';

describe('error codes on the wire', () => {
  test('every error has a number of the protocol, of its own name wherever there is one', () => {
    expect(Object.keys(CODES).sort()).toEqual([...ERROR_CODES].sort());
    for (const code of ERROR_CODES) {
      const { wire } = CODES[code];
      expect(Code[wire]).toBeGreaterThan(Code.MULTIPLE_RESULTS);
      if (code in Code) expect(wire).toBe(code);
    }
  });

  test('a status carries number and message; the name too where the number is shared', () => {
    expect(statusOf(new SluiceError('TOPIC_NOT_FOUND', 'no topic a'))).toEqual({
      code: 40402,
      message: 'no topic a',
    });
    expect(statusOf(new SluiceError('DISK_FULL', 'no room'))).toEqual({
      code: 50001,
      message: 'DISK_FULL: no room',
    });
  });

  test('the text of a foreign error stays inside', () => {
    const status = statusOf(new Error('secret'));
    expect(status.code).toBe(Code.INTERNAL_ERROR);
    expect(status.message).not.toContain('secret');
  });

  test('several results have one status if they agree, else MULTIPLE_RESULTS', () => {
    const refused = { code: Code.FORBIDDEN, message: 'no' };
    expect(overallStatus([])).toEqual(OK_STATUS);
    expect(overallStatus([OK_STATUS, OK_STATUS])).toEqual(OK_STATUS);
    expect(overallStatus([refused, refused]).code).toBe(Code.FORBIDDEN);
    expect(overallStatus([OK_STATUS, refused]).code).toBe(Code.MULTIPLE_RESULTS);
  });

  test('docs/errors.md is current', async () => {
    expect(await isCurrent(ERRORS_DOC, errorsDoc())).toBe(true);
    expect(await isCurrent(ERRORS_DOC, errorsDoc().replace('40402', '40403'))).toBe(false);
  });
});
