#!/usr/bin/env node
/**
 * Where `sluice` starts. Compiled code is kept between runs, which halves the time to start; beside
 * the packages, because a cache in a shared temporary directory could be planted by others.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/sluice', import.meta.url)));

const { runProgram } = await import('#cli/program');
await runProgram();
