/** Something that was once stored and acknowledged can't be read back as it was written (P6). */
export class DamageError extends Error {
  readonly file: string;
  readonly position: number;

  constructor(message: string, where: { file: string; position: number }) {
    super(`${message} (${where.file}, log position ${where.position})`);
    this.name = 'DamageError';
    this.file = where.file;
    this.position = where.position;
  }
}

/** Something in the index is not what was put there. The log still has it. */
export class IndexDamageError extends Error {}
