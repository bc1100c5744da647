/** Writes `docs/errors.md`; with `--check` fails when the committed file is not current. */
import { ERRORS_DOC, errorsDoc } from './errors-doc.ts';
import { writeOrCheck } from './generated-file.ts';

await writeOrCheck(ERRORS_DOC, errorsDoc());
