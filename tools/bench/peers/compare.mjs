// Times libfflag and the engines of engines/ on the same flags and contexts, in turns.
//
// Usage: compare.mjs FFC BENCH_PEER [--json | --markdown] [--rounds N]
// The working directory holds node_modules. Exits 1 when an engine's answers are not what the flags
// say, for then its times mean nothing.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
    describeMachine, fail, figure, machine, markdownTable, parseArguments, summarize,
} from './report.mjs';
import { TIMED, contexts, flags, meetsRule, writeFiles } from './workload.mjs';

const program = 'bench-peers';
const { form, rounds, paths } = parseArguments(program, ['FFC', 'BENCH_PEER'], 101);
const [ffc, benchPeer] = paths;

// One engine in its process, which answers a line with a line.
class Engine {
    constructor(name, note, command, args) {
        Object.assign(this, { name, note, times: {}, calls: {}, answers: {}, complaints: [] });
        this.errors = '';
        this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
        this.process.on('error', (error) => (this.errors += `${error.message}\n`));
        this.process.stdin.on('error', () => {}); // the line that never comes says it
        this.process.stderr.on('data', (text) => (this.errors += text));
        this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    }

    async nextLine() {
        const { value, done } = await this.lines.next();
        if (!done) return value;
        const lines = this.errors.trim().split('\n');
        throw new Error(lines.find((line) => /^\w*Error: /.test(line)) ?? lines.at(-1));
    }

    ask(request) {
        this.process.stdin.write(`${request}\n`);
        return this.nextLine();
    }

    async start() {
        this.version = (await this.nextLine()).replace('ready ', '');
        for (const { key } of flags) this.answers[key] = await this.ask(`answers ${key}`);
        this.complaints = complaints(this.answers);
    }

    // Nanoseconds a call. Every timed loop must give the answers that were checked.
    async time(flag, calls) {
        const [ns, on] = (await this.ask(`time ${flag} ${calls}`)).split(' ').map(Number);
        const timed = this.answers[flag].slice(0, TIMED);
        const expected = Math.floor(calls / TIMED) * countOn(timed)
            + countOn(timed.slice(0, calls % TIMED));
        if (on !== expected)
            throw new Error(`'${flag}' was on ${on} times when timed, and not ${expected}`);
        return ns / calls;
    }

    // How many calls take two milliseconds: on a busy machine most rounds then pass uninterrupted, and
    // the median is one of those. To begin with, a tenth of a second warms the engine up.
    async calibrate(flag) {
        let calls = 16, ns = await this.time(flag, calls);
        for (let spent = 0; spent < 1e8; spent += ns * calls) {
            if (ns * calls < 2e6) calls *= 2;
            ns = await this.time(flag, calls);
        }
        this.calls[flag] = calls;
        this.times[flag] = [];
    }
}

const countOn = (answers) => answers.replaceAll('0', '').length;

// Every engine draws its own half of the users, so a share is what it should be within four standard
// deviations; all else is exact.
function complaints(answers) {
    const found = [];
    const isOn = (flag) => contexts.filter((_, i) => answers[flag][i] === '1');
    const share = (flag, percent, among) => {
        const on = isOn(flag).length, p = percent / 100;
        if (Math.abs(on - among * p) > 4 * Math.sqrt(among * p * (1 - p)))
            found.push(`'${flag}' is on for ${on} of ${among}, where ${percent} % should be`);
    };
    const off = contexts.length - isOn('constant').length;
    if (off > 0) found.push(`'constant' is off for ${off}`);
    share('half', 50, contexts.length);
    const wrong = isOn('rule').filter((context) => !meetsRule(context)).length;
    if (wrong > 0) found.push(`'rule' is on for ${wrong} who do not meet its condition`);
    share('rule', 25, contexts.filter(meetsRule).length);
    const listed = '0'.repeat(TIMED) + '1'.repeat(contexts.length - TIMED);
    if (answers.list !== listed) found.push("'list' is not on for its users and for nobody else");
    return found;
}

function compileDefinitions(folder) {
    writeFiles(folder);
    const snapshot = join(folder, 'peers.ffs');
    const built = spawnSync(
        ffc, ['build', '-C', join(folder, 'definitions'), '-e', 'production', '-o', snapshot],
        { encoding: 'utf8' },
    );
    if (built.status !== 0)
        fail(program, `ffc does not compile the definitions\n${built.stderr ?? built.error}`);
    return snapshot;
}

async function startEngines(folder) {
    const inputs = [compileDefinitions(folder), join(folder, 'contexts.tsv')];
    const engines = [
        new Engine('libfflag', 'on a view', benchPeer, [...inputs, 'view']),
        new Engine('libfflag', 'one-shot', benchPeer, [...inputs, 'one-shot']),
        new Engine('libfflag', 'one-shot, context made each time', benchPeer, [...inputs, 'fresh']),
    ];
    for (const file of readdirSync(new URL('engines/', import.meta.url)).sort()) {
        const { packageName, note } = await import(`./engines/${file}`);
        const name = file.replace('.mjs', '');
        engines.push(new Engine(packageName, note, process.execPath, ['engine.mjs', name]));
    }
    for (const engine of engines)
        await engine.start().catch((error) => (engine.absent = error.message));
    return engines;
}

async function measure(engines) {
    for (const { key } of flags) for (const engine of engines) await engine.calibrate(key);
    for (let round = 0; round < rounds; round++)
        for (const { key } of flags)
            for (const engine of engines)
                engine.times[key].push(await engine.time(key, engine.calls[key]));
}

// ------------------------------------------------------------------------------------- reports --

const title = ({ name, version, note }) => `${name} ${version}${note ? `, ${note}` : ''}`;

function figures(engine, [base], flag) {
    const { best, median } = summarize(engine.times[flag]);
    return { best, median, ratio: median / summarize(base.times[flag]).median };
}

const remarks = (engines) =>
    engines.flatMap((engine) => [
        ...(engine.absent ? [`${engine.name} could not be asked: ${engine.absent}`] : []),
        ...engine.complaints.map((complaint) => `${title(engine)}: wrong: ${complaint}`),
    ]);

function printText(engines, timed) {
    console.log(`${describeMachine()}; ${rounds} rounds\n`);
    for (const { key, says } of flags) {
        console.log(`${`${key}: ${says}`.padEnd(64)}${'ns best'.padStart(10)}`
            + `${'median'.padStart(10)}${'ratio'.padStart(10)}${'on'.padStart(7)}`);
        for (const engine of timed) {
            const { best, median, ratio } = figures(engine, timed, key);
            const on = countOn(engine.answers[key].slice(0, TIMED));
            console.log(`  ${title(engine).padEnd(62)}${figure(best).padStart(10)}`
                + `${figure(median).padStart(10)}${figure(ratio).padStart(10)}`
                + `${String(on).padStart(7)}`);
        }
        console.log();
    }
    for (const remark of remarks(engines)) console.log(remark);
}

function printMarkdown(engines, timed) {
    console.log(`${describeMachine()}; medians of ${rounds} rounds, in ns an evaluation, and how many\n`
        + 'times that of libfflag on a view:\n');
    const cell = (engine, key) => {
        const { median, ratio } = figures(engine, timed, key);
        return `${figure(median)} · ${figure(ratio)}×`;
    };
    console.log(markdownTable(
        ['engine', ...flags.map((flag) => flag.key)],
        timed.map((engine) => [title(engine), ...flags.map(({ key }) => cell(engine, key))]),
    ));
    for (const remark of remarks(engines)) console.log(`\n${remark}`);
}

function printJson(engines, timed) {
    const one = (engine, key) => {
        const { best, median, ratio } = figures(engine, timed, key);
        const on = countOn(engine.answers[key].slice(0, TIMED));
        return { best_ns: best, median_ns: median, ratio, calls: engine.calls[key], on };
    };
    console.log(JSON.stringify({
        format_version: 1,
        benchmark: 'peers',
        machine: machine(),
        rounds,
        contexts: TIMED,
        engines: timed.map((engine) => ({
            name: engine.name,
            version: engine.version,
            note: engine.note ?? null,
            flags: Object.fromEntries(flags.map(({ key }) => [key, one(engine, key)])),
        })),
        remarks: remarks(engines),
    }));
}

const folder = mkdtempSync(join(tmpdir(), 'bench-peers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const engines = await startEngines(folder);
const timed = engines.filter((engine) => !engine.absent && engine.complaints.length === 0);
if (timed[0] !== engines[0])
    fail(program, `libfflag: ${[engines[0].absent ?? [], ...engines[0].complaints].join('; ')}`);
await measure(timed);
({ text: printText, markdown: printMarkdown, json: printJson })[form](engines, timed);
process.exit(engines.some((engine) => engine.complaints.length > 0) ? 1 : 0);
