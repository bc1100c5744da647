import { startSluice } from '#support/sluice-process';
import { NodeClients } from './node-clients.ts';
const s = await startSluice(); const c = new NodeClients(s.grpc);
const p = await c.producer(['t_probe']); console.log(await p.send({topic:'t_probe', body: Buffer.from('x')}));
const sc = await c.simpleConsumer({group:'g_p',topic:'t_probe'},5000);
console.log((await sc.receive(1,10000)).length);
await c.close(); console.log('closed'); const t=Date.now();
const code = await s.stop(); console.log('exit', code, Date.now()-t, 'ms'); await s.dispose();
process.on('exit', ()=>console.log('left', Date.now()-t));
