// A process for each peer: runs the SQL it is sent, on so many threads, and sends back how long that
// took and the rows. Usage: fork('engine.mjs', ['duckdb' | 'chdb']).
// The working directory holds node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));

async function duckdb() {
    const { DuckDBInstance } = require('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    return async (sql, threads) => {
        await connection.run(`SET threads = ${threads}`);
        const start = process.hrtime.bigint();
        const answer = await connection.runAndReadAll(sql);
        const ms = Number(process.hrtime.bigint() - start) / 1e6;
        return { ms, rows: answer.getRowObjectsJson() };
    };
}

async function chdb() {
    const { query } = require('chdb');
    return async (sql, threads) => {
        const start = process.hrtime.bigint();
        const answer = query(`${sql} SETTINGS max_threads = ${threads}`, 'JSON');
        const ms = Number(process.hrtime.bigint() - start) / 1e6;
        return { ms, rows: JSON.parse(answer).data };
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
