// The flags and the contexts that every engine gets. Drawn with a fixed seed, so that all processes
// have the same ones without passing them on.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const flags = [
    { key: 'constant', says: 'on for everybody' },
    { key: 'half', says: '50 % by user id' },
    { key: 'rule', says: 'one of ten countries and plan premium, then 25 %' },
    { key: 'list', says: 'a list of 10,000 users, none of whom asks' },
];

export const countries = ['NO', 'SE', 'DK', 'FI', 'IS', 'DE', 'NL', 'FR', 'ES', 'PT'];
const otherCountries = ['US', 'CA', 'MX', 'BR', 'AR', 'CL', 'JP', 'KR', 'IN', 'AU'];

let state = 0x9e3779b9;
function random(below) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
}

const hex = (digits) =>
    Array.from({ length: digits }, () => random(16).toString(16)).join('');
const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;

function drawContext(userId) {
    const all = [...countries, ...otherCountries];
    return { userId, country: all[random(all.length)], plan: random(2) ? 'premium' : 'free' };
}

// Strings put together from pieces are ropes to V8, and slow to compare. A service gets flat ones, out
// of requests and payloads.
const flat = (value) => JSON.parse(JSON.stringify(value));

export const TIMED = 1024;
export const members = flat(Array.from({ length: 10000 }, uuid));
// The timed contexts, and behind them some whose users are on the list.
export const contexts = flat([
    ...Array.from({ length: TIMED }, () => drawContext(uuid())),
    ...members.filter((_, i) => i % 100 === 0).map(drawContext),
]);

export const meetsRule = (context) =>
    countries.includes(context.country) && context.plan === 'premium';

// What libfflag needs as files: the definitions for ffc, and the contexts for its program.
export function writeFiles(folder) {
    const definitions = join(folder, 'definitions');
    mkdirSync(definitions, { recursive: true });
    writeFileSync(join(definitions, 'members.txt'), members.join('\n') + '\n');
    writeFileSync(
        join(definitions, 'flags.yaml'),
        `project: {name: peers, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string, plan: string}
flags:
  constant: {serve: on}
  half: {percent: 50%}
  rule:
    rules:
      - if: {country: [${countries.join(', ')}], plan: premium}
        percent: 25%
  list: {users: {on: {file: members.txt}}}
`,
    );
    writeFileSync(
        join(folder, 'contexts.tsv'),
        contexts.map((c) => `${c.userId}\t${c.country}\t${c.plan}\n`).join(''),
    );
}
