// Times the compiling of 10,000 flags, a file each: a bare libyaml pass over the files, ffc, and
// Featurevisor's command on an equal project, in turns. Whole processes, from start to exit.
//
// Usage: compile.mjs FFC BENCH_YAML [--json | --markdown] [--rounds N]
// The working directory holds node_modules.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
    describeMachine, fail, figure, machine, markdownTable, parseArguments, summarize,
} from './report.mjs';
import { countries } from './workload.mjs';

const program = 'bench-compile';
const FLAGS = 10000;
const { form, rounds, paths } = parseArguments(program, ['FFC', 'BENCH_YAML'], 7);
const [ffc, benchYaml] = paths.map((path) => resolve(path));
const featurevisor = [process.execPath, resolve('node_modules/.bin/featurevisor')];
const { version } = JSON.parse(readFileSync('node_modules/@featurevisor/cli/package.json'));

const folder = mkdtempSync(join(tmpdir(), 'bench-compile-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// ---------------------------------------------------------------------------------- the projects --

const names = Array.from({ length: FLAGS }, (_, i) => `team-${i % 17}.feature-${i}`);

// Both have the same segments and, in each flag, the same three rules.
function writeDefinitions(root) {
    mkdirSync(join(root, 'flags'), { recursive: true });
    writeFileSync(join(root, 'project.yaml'), `project:
  name: bench
  environments: [production]
  bucket_by: user_id
attributes: {user_id: string, country: string, plan: string, group: string}
segments:
  beta-testers: {if: {group: beta}}
  premium: {if: {country: [${countries.join(', ')}], plan: premium}}
`);
    for (const name of names)
        writeFileSync(join(root, 'flags', `${name}.yaml`), `flags:
  ${name}:
    description: What ${name} does, in one sentence
    tags: [all]
    rules:
      - {name: beta, if: {segment: beta-testers}}
      - {name: premium, if: {segment: premium}, percent: 25%}
      - {name: everybody, percent: 10%}
`);
}

function writeFeaturevisorProject(root) {
    for (const part of ['attributes', 'segments', 'features'])
        mkdirSync(join(root, part), { recursive: true });
    writeFileSync(join(root, 'featurevisor.config.js'),
        "module.exports = { environments: ['production'], tags: ['all'] };\n");
    for (const name of ['userId', 'country', 'plan', 'group'])
        writeFileSync(join(root, 'attributes', `${name}.yml`),
            `description: ${name}\ntype: string\n`);
    const segment = (name, conditions) =>
        writeFileSync(join(root, 'segments', `${name}.yml`),
            `description: ${name}\nconditions:\n${conditions}`);
    segment('beta-testers', '  - {attribute: group, operator: equals, value: beta}\n');
    segment('premium', `  - {attribute: country, operator: in, value: ['${countries.join("', '")}']}
  - {attribute: plan, operator: equals, value: premium}
`);
    for (const name of names)
        writeFileSync(join(root, 'features', `${name}.yml`),
            `description: What ${name} does, in one sentence
tags: [all]
bucketBy: userId
environments:
  production:
    rules:
      - {key: beta, segments: beta-testers, percentage: 100}
      - {key: premium, segments: premium, percentage: 25}
      - {key: everybody, segments: '*', percentage: 10}
`);
}

// ----------------------------------------------------------------------------------- the commands --

const ours = join(folder, 'definitions'), theirs = join(folder, 'featurevisor');
const snapshot = join(folder, 'production.ffs');
const commands = [
    { name: 'bare libyaml pass', run: [benchYaml, ours] },
    { name: 'ffc check', run: [ffc, 'check', '-C', ours] },
    { name: 'ffc build', run: [ffc, 'build', '-C', ours, '-e', 'production', '-o', snapshot] },
    { name: `featurevisor ${version} lint`, run: [...featurevisor, 'lint'], cwd: theirs },
    { name: `featurevisor ${version} build`, run: [...featurevisor, 'build'], cwd: theirs },
].map((command) => ({ ...command, times: [] }));

// Milliseconds from start to exit, and what was printed.
function runOnce({ name, run: [path, ...args], cwd }) {
    const start = process.hrtime.bigint();
    const done = spawnSync(path, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (done.status !== 0)
        fail(program, `${name} failed: ${done.error ?? done.stderr + done.stdout.slice(-2000)}`);
    return { ms, printed: done.stdout + done.stderr };
}

// The first run of each warms the files up, and must have done all the work.
function checkWork() {
    const [pass, , build] = commands.map((command) => runOnce(command).printed);
    if (!pass.startsWith(`${FLAGS + 1} files`)) fail(program, `the libyaml pass read ${pass}`);
    if (!build.includes(`${FLAGS} flags`)) fail(program, `ffc build made ${build}`);
    const datafile = join(theirs, 'dist', 'production', 'datafile-tag-all.json');
    const features = Object.keys(JSON.parse(readFileSync(datafile)).features).length;
    if (features !== FLAGS) fail(program, `featurevisor build made ${features} features`);
    return {
        read: pass.trim(),
        snapshot_bytes: statSync(snapshot).size,
        datafile_bytes: statSync(datafile).size,
    };
}

// ------------------------------------------------------------------------------------- reports --

const rows = () => {
    const base = summarize(commands[0].times).median;
    return commands.map(({ name, times }) => {
        const { best, median } = summarize(times);
        return { name, best_ms: best, median_ms: median, ratio: median / base };
    });
};

const sizes = ({ read, snapshot_bytes, datafile_bytes }) =>
    `The pass reads ${read}; the snapshot has ${figure(snapshot_bytes / 1e6)} MB, the datafile `
    + `${figure(datafile_bytes / 1e6)} MB`;

function printText(work) {
    console.log(`${describeMachine()}; ${rounds} rounds\n${sizes(work)}\n`);
    console.log(`${''.padEnd(32)}${'ms best'.padStart(10)}${'median'.padStart(10)}`
        + 'ratio'.padStart(10));
    for (const { name, best_ms, median_ms, ratio } of rows())
        console.log(`${name.padEnd(32)}${figure(best_ms).padStart(10)}`
            + `${figure(median_ms).padStart(10)}${figure(ratio).padStart(10)}`);
}

function printMarkdown(work) {
    console.log(`${describeMachine()}; medians of ${rounds} rounds.\n${sizes(work)}:\n`);
    console.log(markdownTable(
        ['10,000 flags in 10,000 files', 'ms', 'times the libyaml pass'],
        rows().map(({ name, median_ms, ratio }) => [name, figure(median_ms), figure(ratio)]),
    ));
}

function printJson(work) {
    console.log(JSON.stringify({
        format_version: 1,
        benchmark: 'compile',
        machine: machine(),
        rounds,
        flags: FLAGS,
        ...work,
        commands: rows(),
    }));
}

writeDefinitions(ours);
writeFeaturevisorProject(theirs);
const work = checkWork();
for (let round = 0; round < rounds; round++)
    for (const command of commands) command.times.push(runOnce(command).ms);
({ text: printText, markdown: printMarkdown, json: printJson })[form](work);
