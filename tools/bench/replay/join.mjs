// A log of exposures and one of outcomes, of which each line is of a user that chance picks; the
// experiment that ffreplay analyzes with them, and the join that DuckDB answers the same with: a
// user's outcomes from the first exposure on, of those who saw one variant.
import { closeSync, openSync, writeSync } from 'node:fs';

// So many users, of whom a line has one: 10 million lines are of 4.3 million.
const usersOf = (lines) => Math.ceil(lines / 2);

// The same log each time.
function randomNumbers(seed) {
    let state = seed;
    return (below) => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return Math.floor((state >>> 0) / 2 ** 32 * below);
    };
}

function writeLines(path, lines, lineOf) {
    const out = openSync(path, 'w');
    let text = '';
    for (let i = 0; i < lines; i++) {
        text += lineOf(1700000000000 + Math.floor(i / lines * 864000000));
        if (text.length > 1 << 20 || i === lines - 1) {
            writeSync(out, text, null, 'latin1');
            text = '';
        }
    }
    closeSync(out);
}

export function writeJoinLogs(lines, exposures, outcomes) {
    const users = usersOf(lines), pick = randomNumbers(42);
    const variantOf = (user) => (Math.imul(user, 0x9e3779b1) >>> 16 & 1 ? 'green' : 'blue');
    writeLines(exposures, lines, (time) => {
        const user = pick(users);
        return `{"t":${time},"user_id":"user-${user}","flag":"button","variant":"${variantOf(user)}"}\n`;
    });
    writeLines(outcomes, lines, (time) =>
        `{"t":${time},"user_id":"user-${pick(users)}","event":"buy","amount":${pick(10000) / 100}}\n`);
}

export const joinDefinitions = `project: {name: bench, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  exposures: {format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}
  outcomes: {format: ndjson, time: t, unit: user_id}
metrics:
  spent: {kind: mean, value: amount, per: unit, agg: sum, log: outcomes, better: higher}
flags:
  button:
    description: A button
    owner: bench
    type: string
    variants: {blue: blue, green: green}
    default: blue
    experiment:
      split: {blue: 50%, green: 50%}
      control: blue
      primary: spent
      state: running
`;

const table = (path, columns) => `read_json('${path}', format = 'newline_delimited', columns = {${columns}})`;

export const joinQuery = (exposures, outcomes) => `WITH
    exposed AS (SELECT user_id, min(t) AS first, min(variant) AS variant, max(variant) AS other
        FROM ${table(exposures, "t: 'BIGINT', user_id: 'VARCHAR', flag: 'VARCHAR', variant: 'VARCHAR'")}
        WHERE flag = 'button' GROUP BY user_id),
    spent AS (SELECT user_id, sum(amount) AS amount
        FROM ${table(outcomes, "t: 'BIGINT', user_id: 'VARCHAR', amount: 'DOUBLE'")} AS outcomes
        JOIN exposed USING (user_id) WHERE outcomes.t >= first AND variant = other GROUP BY user_id)
    SELECT variant, count(*) AS units, avg(coalesce(amount, 0)) AS spent,
        var_samp(coalesce(amount, 0)) AS variance
    FROM exposed LEFT JOIN spent USING (user_id) WHERE variant = other GROUP BY variant ORDER BY variant`;
