/** The broker itself: its figures, and how much it logs. */
import { SluiceError } from '#lib/errors';
import type { LogLevel } from '#lib/log';
import { ChangeLogLevelRequestLevel as Level } from '#proto/types';

import type { Board, Handlers } from '#broker/rocketmq-admin/board';

const LEVELS: Readonly<Record<number, LogLevel>> = {
  [Level.TRACE]: 'trace',
  [Level.DEBUG]: 'debug',
  [Level.INFO]: 'info',
  [Level.WARN]: 'warn',
  [Level.ERROR]: 'error',
};

export function serverHandlers(board: Board): Handlers<'ChangeLogLevel' | 'GetProxyRuntimeStats'> {
  const { log, core } = board;
  return {
    ChangeLogLevel({ level }, { peer }) {
      const wanted = LEVELS[level];
      if (wanted === undefined) {
        throw new SluiceError('BAD_REQUEST', `there is no log level ${level}; 0 to 4 are allowed`);
      }
      const before = log.level;
      log.level = wanted;
      log.warn({ before, level: wanted, peer }, 'the log level is another one until the restart');
      return { remark: `the log level is ${wanted} until the restart; it was ${before}` };
    },
    GetProxyRuntimeStats() {
      const { version, connections, rates } = board.status();
      const kinds = Array.from(core.sessions.all, ({ facts }) => facts.kind);
      const producers = kinds.filter((kind) => kind === 'producer').length;
      return {
        proxyName: board.brokerName,
        version,
        inTps: rates.messagesInPerSecond,
        outTps: rates.messagesOutPerSecond,
        connections,
        producers,
        consumers: kinds.length - producers,
      };
    },
  };
}
