import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend } from '#support/fake-admin-backend';
import { runCli, type CliResult } from '#support/run-cli';

let backend: FakeAdminBackend;
let server: AdminServer;

beforeAll(async () => {
  backend = new FakeAdminBackend();
  server = await startAdminServer(backend);
  await output('topic create orders --kind delay');
});
afterAll(() => server.stop());

function sluice(line: string): Promise<CliResult> {
  return runCli([...line.split(' '), '--admin', server.address]);
}

async function output(line: string): Promise<string> {
  const { code, stdout, stderr } = await sluice(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

test('for later, by a delay or at a time, and taken back', async () => {
  const at = '2030-01-31T18:00:00+01:00';
  expect(await output(`message send orders Hello --deliver-at ${at}`)).toBe(
    'sent id-0 to orders, for later\nrecall handle: recall-id-0\n',
  );
  expect(backend.stored[0]?.deliverAtMs).toBe(Date.parse(at));
  const beforeMs = Date.now();
  await output('message send orders Hello --delay 60');
  expect(backend.stored[1]?.deliverAtMs).toBeGreaterThanOrEqual(beforeMs + 60_000);
  expect(await sluice(`message send orders x --delay 1 --deliver-at ${at}`)).toMatchObject({
    code: 2,
  });
  for (const wrong of ['tomorrow', '2030-01-31', '2030-01-31T18:00', '2030-13-31T18:00Z']) {
    const { code, stderr } = await sluice(`message send orders x --deliver-at ${wrong}`);
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed: a time with its zone');
  }
  expect(await output('message recall orders recall-id-0')).toBe(
    'recalled id-0: it will not be delivered\n',
  );
  expect(await sluice('message recall orders other')).toMatchObject({ code: 1 });
});
