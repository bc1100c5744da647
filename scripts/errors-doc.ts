/** The text of `docs/errors.md`. */
import { ERROR_CODES, SluiceError } from '#lib/errors';
import { CODES, Code } from '#proto/codes';

export const ERRORS_DOC = 'docs/errors.md';

const HEAD = `# Errors

Every reason for which Sluice turns a call away. Over gRPC the number is in the body of the
answer (\`Status.code\` of \`apache.rocketmq.v2\`), whose gRPC status is OK; the text beside it
says what was wrong and what is allowed. Where several errors share a number, the text starts with
the name of the error.
"Retryable" means that the same call may succeed later.

Made from \`proto/codes.ts\` by \`node scripts/generate-errors-doc.ts\`.

| code | number | retryable | when | what to do |
|---|---|---|---|---|`;

export function errorsDoc(): string {
  const rows = ERROR_CODES.map((code) => {
    const { wire, when, action } = CODES[code];
    const number = wire === code ? `${Code[wire]}` : `${Code[wire]} ${wire}`;
    const retryable = new SluiceError(code, '').retryable ? 'yes' : 'no';
    const cells = [`\`${code}\``, number, retryable, when, action];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `${[HEAD, ...rows].join('\n')}\n`;
}
