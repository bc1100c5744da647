import { describe, expect, test } from '@jest/globals';
import { FIELDS_FILE, fieldsText } from '../../scripts/generate-fields.ts';
import { isCurrent } from '../../scripts/generated-file.ts';
import { TARGETS } from '../../scripts/generate-types.ts';
import { typesOf } from '../../scripts/types-of-proto.ts';

describe('generated types', () => {
  test.each(TARGETS)('$types is what $proto says', async (target) => {
    const text = typesOf(target.proto, target.package);
    expect(await isCurrent(target.types, text)).toBe(true);
    expect(await isCurrent(target.types, `${text}\nexport const Changed = {};`)).toBe(false);
  });
});

test('the tags of the hot codecs are what the .proto says', async () => {
  expect(await isCurrent(FIELDS_FILE, fieldsText())).toBe(true);
  expect(await isCurrent(FIELDS_FILE, fieldsText().replace('0x8', '0x10'))).toBe(false);
});
