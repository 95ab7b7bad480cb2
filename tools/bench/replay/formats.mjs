// The requests of the log in NDJSON as lines of other formats; how ffreplay's definitions read each,
// and DuckDB in its best way: by columns where it can, and by patterns or JSON where it cannot.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const metricsOf = (status, value, unit) => `metrics:
  error_rate: {kind: proportion, of: {${status}: {gte: 500}}, better: lower}
  second: {kind: mean, value: ${value}${unit ? `, unit: ${unit}` : ''}, better: lower}
`;
const answer = (from, status, value) => `SELECT variant, avg((${status} >= 500)::INTEGER) AS error_rate,
    avg(${value}) AS second FROM (${from}) GROUP BY variant ORDER BY variant`;

// Columns by position; those that are not needed are text that nobody looks at.
const byColumns = (delimiter, names, more = '') => (path) => `SELECT * FROM read_csv('${path}', auto_detect = false,
    header = false, delim = '${delimiter}', quote = '"', escape = '"', columns = {${names}}${more})`;
const texts = (names) => names.split(' ').map((name) => `${name}: 'VARCHAR'`).join(', ');
const lines = (path) => `read_csv('${path}', auto_detect = false, header = false, delim = '\u0001', quote = '',
    escape = '', columns = {line: 'VARCHAR'})`;
const pair = (name) => `regexp_extract(line, ' ${name}=([^ ]*)', 1)`;

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (number) => String(number).padStart(2, '0');

function times(ms) {
    const time = new Date(ms), iso = time.toISOString();
    return { iso, date: iso.slice(0, 10), clock: iso.slice(11, 19),
        clf: `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000` };
}
const client = (line) => `10.${line.bytes % 256}.${line.status % 256}.${line.bytes % 251}`;
const request = (line) => `"GET ${line.endpoint} HTTP/1.1"`;
const seconds = (line) => (line.latency_ms / 1000).toFixed(3);
const agent = '"Mozilla/5.0 (X11; Linux x86_64)"';
const BATCH = 50; // records of a line of OTLP

const record = (line, time) => ({ timeUnixNano: `${line.time}000000`, severityText: 'INFO', attributes: [
    { key: 'feature_flag.key', value: { stringValue: 'checkout' } },
    { key: 'feature_flag.result.variant', value: { stringValue: line.variant } },
    { key: 'feature_flag.context.id', value: { stringValue: line.user_id } },
    { key: 'status', value: { intValue: String(line.status) } },
    { key: 'latency_ms', value: { doubleValue: line.latency_ms } }] });
const attribute = (name, kind) => `list_filter(r.attributes, a -> a.key = '${name}')[1].value.${kind}`;

const LATENCY = 'status, latency_ms'.split(', ');
const plain = {
    log: 'format: ndjson, time: time, variant: variant', metrics: metricsOf('status', 'latency_ms'),
    from: (path) => `SELECT variant, status, latency_ms FROM read_json('${path}', format = 'newline_delimited',
        columns = {variant: 'VARCHAR', status: 'INTEGER', latency_ms: 'DOUBLE'})`,
    sql: LATENCY,
};

let ids = 0;
const nextId = () => (Math.imul(ids, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0') + String(ids++).padStart(10, '0');

export const formats = [
    { name: 'ndjson', ...plain },
    { name: 'ndjson, users counted', ...plain, log: `${plain.log}, unit: user_id` },
    {
        name: 'ndjson, without duplicates', ...plain, log: `${plain.log}, id: id`,
        line: (line, time, text) => `{"id":"${nextId()}",${text.slice(1)}`,
        from: (path) => `SELECT DISTINCT ON (id) variant, status, latency_ms FROM read_json('${path}',
            format = 'newline_delimited', columns = {id: 'VARCHAR', variant: 'VARCHAR', status: 'INTEGER',
            latency_ms: 'DOUBLE'})`,
    },
    { name: 'ndjson, gzip', ...plain, packs: ['gzip', '.gz'] },
    { name: 'ndjson, zstd', ...plain, packs: ['zstd', '.zst'] },
    {
        name: 'ndjson, nested',
        log: 'format: ndjson, time: time, variant: user.variant, fields: {status: http.response.status, took: http.took.ms}',
        metrics: metricsOf('status', 'took'),
        line: ({ time, user_id, country, endpoint, status, latency_ms, bytes, cache_hit, variant }) => JSON.stringify({
            time, user: { id: user_id, country, variant },
            http: { path: endpoint, response: { status, bytes }, took: { ms: latency_ms } }, cache_hit }),
        from: (path) => `SELECT user.variant AS variant, http.response.status AS status, http.took.ms AS took
            FROM read_json('${path}', format = 'newline_delimited', columns = {user: 'STRUCT(variant VARCHAR)',
            http: 'STRUCT(response STRUCT(status INTEGER), took STRUCT(ms DOUBLE))'})`,
        sql: ['status', 'took'],
    }, {
        name: 'go-feature-flag', log: 'format: go-feature-flag, fields: {status: metadata.status, took: metadata.latency_ms}',
        metrics: metricsOf('status', 'took'),
        line: ({ time, user_id, country, status, latency_ms, variant }) => JSON.stringify({
            kind: 'feature', contextKind: 'user', userKey: user_id, creationDate: Math.floor(time / 1000), key: 'checkout',
            variation: variant, value: variant === 'on', default: false, version: '1', source: 'SERVER',
            metadata: { country, status, latency_ms } }),
        from: (path) => `SELECT variation AS variant, metadata.status AS status, metadata.latency_ms AS took
            FROM read_json('${path}', format = 'newline_delimited', columns = {key: 'VARCHAR', variation: 'VARCHAR',
            metadata: 'STRUCT(status INTEGER, latency_ms DOUBLE)'}) WHERE key = 'checkout'`,
        sql: ['status', 'took'],
    }, {
        name: 'combined', log: 'format: combined, variant: remote_user', metrics: metricsOf('status', 'bytes'),
        line: (line, time) => `${client(line)} - ${line.variant} [${time.clf}] ${request(line)} ${line.status} ${
            line.bytes} "-" ${agent}`,
        from: byColumns(' ', `${texts('a b variant t1 t2 request')}, status: 'INTEGER', bytes: 'BIGINT', ${texts('ref agent')}`),
        sql: ['status', 'bytes'],
    }, {
        name: 'nginx, with times',
        log: `pattern: nginx, variant: http_x_variant, log_format: '$remote_addr - $remote_user [$time_local] "$request" ` +
            `$status $body_bytes_sent "$http_user_agent" $http_x_variant $request_time'`,
        metrics: metricsOf('status', 'request_time', 'ms'),
        line: (line, time) => `${client(line)} - - [${time.clf}] ${request(line)} ${line.status} ${line.bytes} ${agent} ${
            line.variant} ${seconds(line)}`,
        from: byColumns(' ', `${texts('a b u t1 t2 request')}, status: 'INTEGER', ${texts('bytes agent variant')}, took: 'DOUBLE'`),
        sql: ['status', 'took * 1000'],
    }, {
        name: 'logfmt', log: 'format: logfmt, time: time, variant: variant', metrics: metricsOf('status', 'latency_ms'),
        line: (line, time) => `time=${time.iso} level=info user=${line.user_id} variant=${line.variant} path=${
            line.endpoint} status=${line.status} latency_ms=${line.latency_ms} msg="handled request"`,
        from: (path) => `SELECT ${pair('variant')} AS variant, ${pair('status')}::INTEGER AS status,
            ${pair('latency_ms')}::DOUBLE AS latency_ms FROM ${lines(path)}`,
        sql: LATENCY,
    }, {
        name: 'ndjson within CRI', log: 'format: ndjson, time: time, variant: variant, wrap: cri',
        metrics: metricsOf('status', 'latency_ms'),
        line: (line, time, text) => `${time.iso} stdout F ${text}`,
        from: (path) => `SELECT j.variant, j.status, j.latency_ms FROM (SELECT from_json(line[35:],
            '{"variant":"VARCHAR","status":"INTEGER","latency_ms":"DOUBLE"}') AS j FROM ${lines(path)})`,
        sql: LATENCY,
    }, {
        name: 'csv', log: 'format: csv, time: time, variant: variant', metrics: metricsOf('status', 'latency_ms'),
        head: 'time,user_id,country,endpoint,status,latency_ms,bytes,variant\n',
        line: (line) => [line.time, line.user_id, line.country, line.endpoint, line.status, line.latency_ms, line.bytes,
            line.variant].join(','),
        from: byColumns(',', `${texts('t u c e')}, status: 'INTEGER', latency_ms: 'DOUBLE', bytes: 'BIGINT', variant: 'VARCHAR'`,
            ', skip = 1'),
        sql: LATENCY,
    }, {
        name: 'w3c', log: 'format: iis, variant: cs-username', metrics: metricsOf('sc-status', 'time-taken', 'ms'),
        head: '#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method ' +
            'cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\n',
        line: (line, time) => `${time.date} ${time.clock} 10.0.0.1 GET ${line.endpoint} - 443 ${line.variant} ${
            client(line)} Mozilla/5.0+(X11;+Linux+x86_64) ${line.status} 0 0 ${Math.round(line.latency_ms)}`,
        from: byColumns(' ', `${texts('d t s m p q port variant c agent')}, status: 'INTEGER', ${texts('sub win')}, took: 'DOUBLE'`,
            ', skip = 3'),
        sql: ['status', 'took'],
    }, {
        name: 'otlp, 50 records a line', log: 'format: otlp',
        metrics: metricsOf('status', 'latency_ms'), batch: BATCH,
        line: record,
        wrap: (records) => JSON.stringify({ resourceLogs: [{ resource: { attributes: [] },
            scopeLogs: [{ scope: { name: 'shop' }, logRecords: records }] }] }),
        from: (path) => `SELECT ${attribute('feature_flag.result.variant', 'stringValue')} AS variant, ${
            attribute('status', 'intValue')}::INTEGER AS status, ${attribute('latency_ms', 'doubleValue')} AS latency_ms
            FROM (SELECT unnest(s.logRecords) AS r FROM (SELECT unnest(l.scopeLogs) AS s FROM (SELECT unnest(resourceLogs) AS l
            FROM read_json('${path}', format = 'newline_delimited', maximum_object_size = 67108864, columns = {resourceLogs:
            'STRUCT(scopeLogs STRUCT(logRecords STRUCT(attributes STRUCT(key VARCHAR, value STRUCT(stringValue VARCHAR,
            intValue VARCHAR, doubleValue DOUBLE))[])[])[])[]'}))))`,
        sql: LATENCY,
    },
];
for (const format of formats) format.query = (path) => answer(format.from(path), ...format.sql);

function* linesOf(path) {
    const file = openSync(path, 'r'), block = Buffer.allocUnsafe(1 << 20);
    let rest = '';
    for (let size; (size = readSync(file, block, 0, block.length, null)) > 0;) {
        const found = (rest + block.toString('latin1', 0, size)).split('\n');
        rest = found.pop();
        yield* found;
    }
    closeSync(file);
}

// Writes the requests of one log as lines of the format.
export function writeFormat(format, source, path) {
    const out = openSync(path, 'w');
    let text = format.head ?? '', batch = [];
    const put = (line) => {
        text += `${line}\n`;
        if (text.length > 1 << 20) {
            writeSync(out, text, null, 'latin1');
            text = '';
        }
    };
    for (const given of linesOf(source)) {
        const line = JSON.parse(given), written = format.line(line, times(line.time), given);
        if (!format.batch) put(written);
        else if (batch.push(written) === format.batch) put(format.wrap(batch.splice(0)));
    }
    if (batch.length > 0) put(format.wrap(batch));
    writeSync(out, text, null, 'latin1');
    closeSync(out);
}
