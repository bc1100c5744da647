import { describe, expect, test } from '@jest/globals';

import { Mode } from '#broker/admit/mode';

describe('the mode of a broker', () => {
  test('outside of a fleet allows everything', () => {
    const mode = new Mode();
    expect(mode).toMatchObject({ edition: 'platinum', readOnly: false, revision: undefined });
    mode.admitSend();
    mode.admitPull();
    mode.admitQueueChange('orders', 8, 16);
  });

  test('read only refuses sends, and nothing else', () => {
    const mode = new Mode();
    mode.set({ edition: 'platinum', readOnly: true, revision: 'r1' });
    expect(mode.revision).toBe('r1');
    const refusal = { code: 'BROKER_READ_ONLY', retryable: true };
    expect(() => mode.admitSend()).toThrow(expect.objectContaining(refusal));
    mode.admitPull();
    mode.set({ edition: 'platinum', readOnly: false });
    mode.admitSend();
  });

  test('leaving refuses sends too, and is for good', () => {
    const mode = new Mode();
    mode.leave();
    mode.set({ edition: 'platinum', readOnly: true });
    const refusal = { code: 'SHUTTING_DOWN', retryable: true };
    expect(() => mode.admitSend()).toThrow(expect.objectContaining(refusal));
    mode.admitPull();
  });

  test('the standard edition has no pull consumers, and queues for good', () => {
    const mode = new Mode();
    mode.set({ edition: 'standard', readOnly: false });
    mode.admitSend();
    mode.admitQueueChange('orders', 8, 8);
    const forbidden = (message: string) =>
      expect.objectContaining({
        code: 'FORBIDDEN',
        retryable: false,
        message: expect.stringContaining(message),
      });
    expect(() => mode.admitPull()).toThrow(forbidden('pull consumers need the platinum edition'));
    expect(() => mode.admitQueueChange('orders', 8, 16)).toThrow(forbidden('orders has 8 queues'));
  });
});
