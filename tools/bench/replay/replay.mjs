// Times ffreplay on a log of 3 million lines beside DuckDB and chDB on the same file, in turns, and
// compares what they answer. ffreplay is a whole process, from start to exit; a peer's time is that
// of the query alone, in a process that runs already. Then the same requests as lines of each format,
// and the join of an experiment's exposures with outcomes, beside DuckDB. What
// counts is the least of all rounds: on one thread of processor time, of which others on the same
// machine take the least, on several by the clock.
//
// Usage: replay.mjs FFREPLAY SERVICE_LOG [--json | --markdown] [--rounds N]
// The working directory holds node_modules. LINES=N in the environment makes another log, and
// JOIN_LINES=N others of exposures and of outcomes.
import { fork, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
    describeMachine, fail, figure, machine, markdownTable, parseArguments,
} from '../peers/report.mjs';
import { formats, writeFormat } from './formats.mjs';
import { joinDefinitions, joinQuery, writeJoinLogs } from './join.mjs';

const program = 'bench-replay';
const LINES = Number(process.env.LINES ?? 3000000), USERS = Math.ceil(LINES / 3);
const JOIN_LINES = Number(process.env.JOIN_LINES ?? 10000000);
const { form, rounds, paths } = parseArguments(program, ['FFREPLAY', 'SERVICE_LOG'], 5);
const [ffreplay, serviceLog] = paths.map((path) => resolve(path));
const folder = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'bench-replay-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// ----------------------------------------------------------------------------------------- the log --

const log = join(folder, 'requests.ndjson');

function writeLog() {
    const out = openSync(log, 'w');
    const fields = 'time,user_id=user,country,endpoint,status,latency_ms,bytes,cache_hit,variant';
    const done = spawnSync(serviceLog, [
        '--lines', LINES, '--rate', 1000, '--users', USERS, '--even', '--flag', 'checkout',
        '--share', 'on=10%', '--effect', 'variant=on,errors=x1.5,latency=x1.2', '--fields', fields,
    ].map(String), { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' });
    closeSync(out);
    if (done.status !== 0) fail(program, `service-log failed: ${done.error ?? done.stderr}`);
    return statSync(log).size;
}

// ----------------------------------------------------------------------------------- the questions --

const metrics = `metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  latency: {kind: mean, value: latency_ms, better: lower}
  size: {kind: mean, value: bytes, better: lower}
  cache_hits: {kind: proportion, of: {cache_hit: true}, better: higher}
  slowest: {kind: max, value: latency_ms, better: lower}
  p95: {kind: quantile, q: 0.95, value: latency_ms, better: lower}
`;
const limits = `        - {metric: error_rate, max: 50%, action: alert}
        - {metric: latency, max: 5000, action: alert}
        - {metric: size, max: 1000000, action: alert}
        - {metric: cache_hits, min: 1%, action: alert}
        - {metric: slowest, max: 1000000, action: alert}
        - {metric: p95, max: 5000, action: alert}
`;
const increases = `        - {metric: error_rate, max_increase: 90%, action: alert}
        - {metric: latency, max_increase: 90%, action: alert}
`;

const own = (source) => `{format: ndjson, time: time, ${source}}`;

function writeDefinitions(name, { log: read, guards, metrics: measured = metrics }) {
    const directory = join(folder, name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'flags.yaml'), `project: {name: bench, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  requests: ${read}
${measured}flags:
  checkout:
    description: A checkout
    owner: bench
    canary:
      serve: on
      stages:
        - {name: first, percent: 10%}
        - {name: all, percent: 100%}
      guards:
${guards}      state: running
      stage: first
      since: 2026-01-01T00:00:00Z
`);
    return directory;
}

const columns = { variant: 'VARCHAR', status: 'INTEGER', latency_ms: 'DOUBLE', bytes: 'BIGINT',
    cache_hit: 'BOOLEAN', user_id: 'VARCHAR' };
const types = { VARCHAR: 'String', INTEGER: 'Int32', DOUBLE: 'Float64', BIGINT: 'Int64', BOOLEAN: 'Bool' };
const fromDuckdb = (names) => `read_json('${log}', format='newline_delimited', columns={${
    names.map((name) => `${name}: '${columns[name]}'`)}})`;
const fromChdb = (names) => `file('${log}', 'JSONEachRow', '${
    names.map((name) => `${name} ${types[columns[name]]}`)}')`;

const wholeLog = ['variant', 'status', 'latency_ms', 'bytes', 'cache_hit'];
const averages = (of) => `variant, count(*) AS n, avg(${of('status >= 500')}) AS error_rate,
    avg(latency_ms) AS latency, avg(bytes) AS size, avg(${of('cache_hit')}) AS cache_hits,
    max(latency_ms) AS slowest`;
// A user's own sums first, and from them what the variance of a ratio over users is made of.
const overUsers = (from, of) => `SELECT variant, sum(e) / sum(n) AS error_rate,
    sum(l) / sum(n) AS latency, count(*) AS users, sum(e * e) AS ee, sum(e * n) AS en, sum(n * n) AS nn,
    sum(l * l) AS ll, sum(l * n) AS ln FROM (SELECT variant, user_id, count(*) AS n,
    sum(${of('status >= 500')}) AS e, sum(latency_ms) AS l FROM ${from} GROUP BY variant, user_id)
    GROUP BY variant ORDER BY variant`;
const integer = (condition) => `(${condition})::INTEGER`;
const plain = (condition) => condition;

const questions = [
    {
        name: 'five metrics and a P95 by variant',
        definitions: { log: own('variant: variant'), guards: limits },
        sql: {
            duckdb: `SELECT ${averages(integer)}, approx_quantile(latency_ms, 0.95) AS p95
                FROM ${fromDuckdb(wholeLog)} GROUP BY variant ORDER BY variant`,
            chdb: `SELECT ${averages(plain)}, quantileDD(0.01, 0.95)(latency_ms) AS p95
                FROM ${fromChdb(wholeLog)} GROUP BY variant ORDER BY variant`,
        },
    },
    {
        name: 'the same, the flag evaluated again',
        definitions: { log: own('context: {user_id: user_id}'), guards: limits },
        sql: {},
    },
    {
        name: `two comparisons, variance over ${USERS.toLocaleString('en-US')} users`,
        definitions: { log: own('variant: variant, unit: user_id'), guards: increases },
        sql: {
            duckdb: overUsers(fromDuckdb(['variant', 'user_id', 'status', 'latency_ms']), integer),
            chdb: overUsers(fromChdb(['variant', 'user_id', 'status', 'latency_ms']), plain),
        },
    },
];

// ------------------------------------------------------------------------------------- the answers --

function start(engine) {
    const script = fileURLToPath(new URL('engine.mjs', import.meta.url));
    const child = fork(script, [engine]);
    child.on('exit', (code) => fail(program, `${engine} ended with ${code}`));
    const next = () => new Promise((found) => child.once('message', found));
    const ready = next();
    const ask = async (sql, threads) => {
        await ready;
        const answer = next();
        child.send({ sql, threads });
        const { problem, ...found } = await answer;
        if (problem) fail(program, `${engine} failed: ${problem}`);
        return found;
    };
    return { ask, end: () => { child.removeAllListeners('exit'); child.kill(); } };
}

// Milliseconds from start to exit, and of the processors' time, which a shell says; and the answer.
function runOurs(...command) {
    const done = spawnSync('bash', ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$@"', 'bash', ffreplay, ...command,
        '-e', 'production', '--json'], { encoding: 'utf8' });
    if (done.status !== 0) fail(program, `ffreplay failed: ${done.error ?? done.stderr}`);
    const [real, user, system] = done.stderr.trim().split('\n').at(-1).split(' ').map((seconds) => seconds * 1000);
    return { ms: real, processor: user + system, answer: JSON.parse(done.stdout) };
}

// Each metric's estimate for the two variants.
function decide(definitions, threads, file = log) {
    const { answer, ...times } = runOurs('decide', 'checkout', file, '-C', definitions, '--threads', String(threads));
    const rows = [{ variant: 'off' }, { variant: 'on' }];
    for (const { metric, canary, control } of answer.criteria) {
        rows[0][metric] = control.estimate;
        rows[1][metric] = canary.estimate;
    }
    return { ...times, rows };
}

// Of an experiment, how many units were exposed, and the mean and variance of what they spent.
function analyze(definitions, threads, exposures, outcomes) {
    const { answer, ...times } = runOurs('analyze', 'button', `exposures=${exposures}`, `outcomes=${outcomes}`,
        '-C', definitions, '--method', 'fixed', '--threads', String(threads));
    const { units, metrics: [{ control, variants: [green] }] } = answer;
    return { ...times, rows: [
        { variant: 'blue', units: units.blue, spent: control.value, variance: control.variance },
        { variant: 'green', units: units.green, spent: green.value, variance: green.variance }] };
}

// Sums are rounded in the order that an engine adds them; a sketch keeps to 1 %, and DuckDB's to none.
function compareAnswers(question, ours, name, theirs) {
    for (const [i, row] of ours.entries())
        for (const [metric, value] of Object.entries(row)) {
            const other = theirs[i][metric];
            const allowed = metric === 'p95' ? 0.03 : 1e-6;
            const same = metric === 'variant' ? other === value
                : Math.abs(Number(other) - value) <= allowed * Math.abs(value);
            if (!same) fail(program, `${question}: ${row.variant}'s ${metric} is ${value}, ${name} says ${other}`);
        }
}

// -------------------------------------------------------------------------------------- the rounds --

const results = [];

// In turns, so that a machine that is busy for a while is so for all.
async function runRounds(question, size, expected, cells) {
    for (let round = 0; round < rounds; round++)
        for (const cell of cells) {
            const { ms, processor, rows } = await cell.run();
            compareAnswers(question, expected, cell.engine, rows);
            cell.ms = Math.min(ms, cell.ms ?? Infinity);
            cell.processor = Math.min(processor, cell.processor ?? Infinity);
        }
    for (const { engine, threads, ms, processor } of cells)
        results.push({ question, engine, threads, bytes: size, ms, processor, counts: threads === 1 ? processor : ms });
}

const bytes = writeLog();
const engines = { duckdb: start('duckdb'), chdb: start('chdb') };
for (const [i, question] of questions.entries()) {
    const definitions = writeDefinitions(`question-${i}`, question.definitions);
    const cells = [];
    for (const threads of [1, 2]) {
        cells.push({ engine: 'ffreplay', threads, run: () => decide(definitions, threads) });
        for (const [name, sql] of Object.entries(question.sql))
            cells.push({ engine: name, threads, run: () => engines[name].ask(sql, threads) });
    }
    const expected = decide(definitions, 1).rows;
    await runRounds(question.name, bytes, expected, cells);
}

// Compressed as the tools do it unasked; figures in GB/s are of what is unpacked.
function pack(tool, path) {
    const out = openSync(path, 'w'), done = spawnSync(tool, ['-c', log], { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' });
    closeSync(out);
    if (done.status !== 0) fail(program, `${tool} failed: ${done.error ?? done.stderr}`);
}

const formatLimits = `        - {metric: error_rate, max: 50%, action: alert}
        - {metric: second, max: 1000000000, action: alert}
`;
for (const [i, format] of formats.entries()) {
    const path = format.line || format.packs ? join(folder, `format-${i}.log${format.packs?.[1] ?? ''}`) : log;
    if (format.line) writeFormat(format, log, path);
    if (format.packs) pack(format.packs[0], path);
    const definitions = writeDefinitions(`format-${i}`, { log: `{${format.log}}`, guards: formatLimits, metrics: format.metrics });
    const cells = [];
    for (const threads of [1, 2])
        cells.push({ engine: 'ffreplay', threads, run: () => decide(definitions, threads, path) },
            { engine: 'duckdb', threads, run: () => engines.duckdb.ask(format.query(path), threads) });
    await runRounds(`a share and a mean of ${format.name}`, format.packs ? bytes : statSync(path).size, decide(definitions, 1, path).rows, cells);
    if (path !== log) rmSync(path);
}

async function runJoin() {
    const exposures = join(folder, 'exposures.ndjson'), outcomes = join(folder, 'outcomes.ndjson');
    const definitions = join(folder, 'join');
    mkdirSync(definitions);
    writeFileSync(join(definitions, 'flags.yaml'), joinDefinitions);
    writeJoinLogs(JOIN_LINES, exposures, outcomes);
    const cells = [];
    for (const threads of [1, 2])
        cells.push({ engine: 'ffreplay', threads, run: () => analyze(definitions, threads, exposures, outcomes) },
            { engine: 'duckdb', threads, run: () => engines.duckdb.ask(joinQuery(exposures, outcomes), threads) });
    const lines = JOIN_LINES.toLocaleString('en-US');
    await runRounds(`${lines} exposures joined with ${lines} outcomes`, statSync(exposures).size + statSync(outcomes).size,
        analyze(definitions, 1, exposures, outcomes).rows, cells);
}
await runJoin();
for (const engine of Object.values(engines)) engine.end();

// ---------------------------------------------------------------------------------------- reports --

const ofOurs = ({ question, threads }) => results.find((result) =>
    result.engine === 'ffreplay' && result.question === question && result.threads === threads);
const rows = results.map((result) => ({
    ...result,
    bytes_per_second: result.bytes / (result.counts / 1000),
    times_ours: result.counts / ofOurs(result).counts,
}));
if (form === 'json') {
    console.log(JSON.stringify({ format_version: 1, machine: machine(), lines: LINES, bytes, rounds, rows }));
} else {
    const heads = ['question', 'engine', 'threads', 'ms', 'processor', 'GB/s', 'times ours'];
    const cells = rows.map((row) => [row.question, row.engine, String(row.threads), figure(row.ms), figure(row.processor),
        (row.bytes_per_second / 1e9).toFixed(2), row.times_ours.toFixed(2)]);
    console.log(`${describeMachine()}; ${LINES.toLocaleString('en-US')} lines, ${
        Math.round(bytes / 1e6)} MB; the least of ${rounds} rounds.\n`);
    const width = 2 + Math.max(...cells.map(([question]) => question.length));
    if (form === 'markdown') console.log(markdownTable(heads, cells));
    else for (const row of [heads, ...cells])
        console.log(row[0].padEnd(width) + row[1].padEnd(10) + row.slice(2).map((cell) => cell.padStart(12)).join(''));
}
