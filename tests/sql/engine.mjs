// A database in this process: for each line on stdin, {"sql":…} as JSON, one on stdout: {"text":…}, the
// rows' only column, or {"problem":…}. Usage: node engine.mjs chdb|duckdb. The working directory holds
// node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(join(process.cwd(), 'package.json'));

async function duckdb() {
    const { DuckDBInstance } = require('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run('SET threads = 1');
    return async (sql) => {
        const rows = (await connection.runAndReadAll(sql)).getRows();
        return rows.map((row) => `${row[0]}\n`).join('');
    };
}

async function chdb() {
    const { Session } = require('chdb');
    const session = new Session();
    session.query('SET max_threads = 1');
    process.on('exit', () => session.cleanup?.());
    return async (sql) => session.query(sql.replace(/;\s*$/, ''), 'TSVRaw') ?? '';
}

const run = await { duckdb, chdb }[process.argv[2]]();
for await (const line of createInterface({ input: process.stdin })) {
    try {
        console.log(JSON.stringify({ text: await run(JSON.parse(line).sql) }));
    } catch (problem) {
        console.log(JSON.stringify({ problem: String(problem) }));
    }
}
process.exit(0);
