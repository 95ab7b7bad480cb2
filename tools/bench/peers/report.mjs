// What both comparisons share: options, figures of several rounds, and how they are printed.
import os from 'node:os';

// Ends the program with one line that says what is wrong.
export function fail(program, what) {
    console.error(`${program}: ${what}`);
    process.exit(2);
}

// --json, --markdown and --rounds N, behind the paths that `names` counts.
export function parseArguments(program, names, defaultRounds) {
    const usage = () =>
        fail(program, `usage: ${program} ${names.join(' ')} [--json | --markdown] [--rounds N]`);
    const given = { form: 'text', rounds: defaultRounds, paths: [] };
    const rest = process.argv.slice(2);
    while (rest.length > 0) {
        const argument = rest.shift();
        if (argument === '--json' || argument === '--markdown') given.form = argument.slice(2);
        else if (argument === '--rounds') given.rounds = Number(rest.shift());
        else if (argument.startsWith('--')) usage();
        else given.paths.push(argument);
    }
    if (given.paths.length !== names.length) usage();
    if (!Number.isInteger(given.rounds) || given.rounds < 1) usage();
    return given;
}

export function summarize(times) {
    const sorted = [...times].sort((a, b) => a - b);
    return { best: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

export const machine = () => ({
    cpu: os.cpus()[0].model.trim(),
    processors: os.cpus().length,
    system: `${os.type()} ${os.release()}`,
    node: process.version,
});

export function describeMachine() {
    const { cpu, processors, node } = machine();
    return `${processors} processors, ${cpu}, Node ${node.slice(1)}`;
}

// Three significant digits, and thousands apart.
export function figure(value) {
    const digits = Math.min(2, Math.max(0, 2 - Math.floor(Math.log10(value))));
    return Number(value.toPrecision(3)).toLocaleString('en-US', {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
    });
}

export function markdownTable(heads, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
