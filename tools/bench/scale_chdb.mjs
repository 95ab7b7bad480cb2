// What the query of `ffreplay sql` costs in ClickHouse: chDB, one thread, over the log that scale.py streams, from a
// table. Prints the processor's time of loading and of the query, which is written to ROWS.
// Usage: node scale_chdb.mjs LOG.ndjson QUERY.sql ROWS. The working directory holds node_modules.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { Session } = createRequire(join(process.cwd(), 'package.json'))('chdb');
const [log, query, rows] = process.argv.slice(2);
const session = new Session();

function seconds(work) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) / 1e6).toFixed(1);
}

session.query('SET max_threads = 1');
session.query("SET date_time_input_format = 'best_effort'");
session.query(`CREATE TABLE requests (time DateTime64(3, 'UTC'), user_id String, status UInt16, latency_ms Float64)
    ENGINE = MergeTree ORDER BY time`);
const loaded = seconds(() => session.query(`INSERT INTO requests SELECT * FROM file('${log}', JSONEachRow)`));
const bytes = session.query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'requests'", 'TSVRaw');
const asked = seconds(() => writeFileSync(rows, session.query(readFileSync(query, 'utf8').replace(/;\s*$/, ''), 'TSVRaw')));
console.log(`load ${loaded} s, query ${asked} s, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, table ${bytes.trim()} bytes`);
session.cleanup?.();
process.exit(0);
