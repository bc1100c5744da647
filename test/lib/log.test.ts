import { describe, expect, test } from '@jest/globals';
import { createLog, prettyLine, type LogFormat } from '#lib/log';

function collected(format: LogFormat) {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    format,
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, lines };
}

describe('json', () => {
  test('one object a line, level by name, time as ISO', () => {
    const { log, lines } = collected('json');
    log.info({ port: 8081 }, 'listening');
    log.debug('not logged');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      port: 8081,
      msg: 'listening',
    });
  });

  test('errors come with stack and cause', () => {
    const { log, lines } = collected('json');
    log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines[0]).toMatch(/"message":"outer".*inner/);
  });
});

test.each(['json', 'pretty'] as const)('secrets are not logged: %s', (format) => {
  const { log, lines } = collected(format);
  log.info({ adminToken: 'hunter2', config: { adminToken: 'hunter2', port: 1 } }, 'start');
  log.info({ headers: { authorization: 'Bearer hunter2' } }, 'call');
  expect(lines.join('')).not.toContain('hunter2');
  expect(lines.join('')).toContain('[secret]');
});

test('a pretty line', () => {
  const time = '2026-01-02T03:04:05.678Z';
  const line = { level: 'warn', time, msg: 'slow', ms: 12, path: 'a b', id: 'x' };
  expect(prettyLine(JSON.stringify(line))).toBe('03:04:05.678 WARN  slow ms=12 path="a b" id=x\n');
  const error = { stack: 'Error: no\n    at here' };
  expect(prettyLine(JSON.stringify({ level: 'error', time, msg: 'bad', error }))).toBe(
    '03:04:05.678 ERROR bad\n    Error: no\n        at here\n',
  );
});
