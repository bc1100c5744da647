#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=60
/**
 * Where `sluice` starts. The flags above keep the heap small. Compiled code is kept between runs,
 * which halves the time to start; beside the packages, because a cache in a shared temporary
 * directory could be planted by others.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { exitEarly } from '#lib/early-exit';

exitEarly();
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/sluice', import.meta.url)));

const { runProgram } = await import('#cli/program');
await runProgram();
