// A process for each peer: runs the SQL it is sent, on so many threads, and sends back how long that
// took, how much of the processors' time, and the rows. Usage: fork('engine.mjs', ['duckdb' | 'chdb']).
// The working directory holds node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';

// Milliseconds by the clock and of the processors, and what the query gives.
async function timed(query) {
    const used = process.cpuUsage(), start = process.hrtime.bigint();
    const answer = await query();
    const ms = Number(process.hrtime.bigint() - start) / 1e6, { user, system } = process.cpuUsage(used);
    return { ms, processor: (user + system) / 1000, answer };
}

const require = createRequire(join(process.cwd(), 'package.json'));

async function duckdb() {
    const { DuckDBInstance } = require('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    return async (sql, threads) => {
        await connection.run(`SET threads = ${threads}`);
        const { answer, ...times } = await timed(() => connection.runAndReadAll(sql));
        return { ...times, rows: answer.getRowObjectsJson() };
    };
}

async function chdb() {
    const { query } = require('chdb');
    return async (sql, threads) => {
        const { answer, ...times } = await timed(() => query(`${sql} SETTINGS max_threads = ${threads}`, 'JSON'));
        return { ...times, rows: JSON.parse(answer).data };
    };
}

const engines = { duckdb, chdb };
const run = await engines[process.argv[2]]();
process.on('message', async ({ sql, threads }) => {
    try {
        process.send(await run(sql, threads));
    } catch (problem) {
        process.send({ problem: String(problem) });
    }
});
process.send({ ready: true });
