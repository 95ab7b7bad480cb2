// Runs one engine of engines/ in a process of its own, so that none shares a heap or compiled code
// with another. Answers the requests that tools/bench/bench_peer.c answers for libfflag:
//     answers FLAG       a digit for each context, 1 where the flag is on
//     time FLAG CALLS    the nanoseconds that CALLS evaluations took, the timed contexts in turn, and
//                        how many of them were on
//
// An engine exports `packageName`, perhaps a `note` for the table, and open(), which gives
//     context(c)               what it wants to be asked with, made beforehand from a context
//     evaluate(flag, context)  true or false, or a promise of it
//
// Usage: engine.mjs NAME
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { TIMED, contexts } from './workload.mjs';

// All engines answer from what they are given. One that asks the network fails, loudly.
Socket.prototype.connect = () => {
    console.error('it went to the network');
    process.exit(3);
};

const module = await import(`./engines/${process.argv[2]}.mjs`);
const engine = await module.open();
const asked = contexts.map(engine.context);
const { evaluate } = engine;

async function answers(flag) {
    const digits = [];
    for (const context of asked) digits.push((await evaluate(flag, context)) ? '1' : '0');
    return digits.join('');
}

function timeCalls(flag, calls) {
    let on = 0;
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) if (evaluate(flag, asked[i % TIMED]) === true) on++;
    return [process.hrtime.bigint() - start, on];
}

async function timePromises(flag, calls) {
    let on = 0;
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) if ((await evaluate(flag, asked[i % TIMED])) === true) on++;
    return [process.hrtime.bigint() - start, on];
}

const isPromise = evaluate('constant', asked[0]) instanceof Promise;
const time = isPromise ? timePromises : timeCalls;
const { version } = JSON.parse(readFileSync(`node_modules/${module.packageName}/package.json`));
console.log(`ready ${version}`);
for await (const line of createInterface({ input: process.stdin })) {
    const [request, flag, calls] = line.split(' ');
    if (request === 'answers') console.log(await answers(flag));
    else console.log((await time(flag, Number(calls))).join(' '));
}
process.exit(0); // whatever timers an engine left
