// A session of `ffc mcp` with the protocol's own client; prints what came back as JSON.
// Usage: session.mjs FFC ROOT, where node_modules is found from the working directory.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'x.js'));
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');

const [ffc, root] = process.argv.slice(2);
const found = {};
async function session(args, use) {
    const transport = new StdioClientTransport({ command: ffc, args: ['mcp', ...args], cwd: root, stderr: 'inherit', env: { ...process.env } });
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    const call = async (name, parameters) => {
        try {
            const answer = await client.callTool({ name, arguments: parameters });
            return { error: answer.isError, texts: answer.content.map((part) => part.text) };
        } catch (error) {
            return { refused: error.message };
        }
    };
    await use(client, call);
    await client.close();
}
await session([], async (client, call) => {
    found.server = client.getServerVersion();
    found.tools = (await client.listTools()).tools;
    await client.ping();
    found.list = await call('list', { flags: ['check*'] });
    found.show = await call('show', { flag: 'checkout', environment: 'production' });
    found.check = await call('check', {});
    found.eval = await call('eval', { flags: ['checkout'], environment: 'production', context: { user_id: 'u1' } });
    found.trace = await call('trace', { flag: 'checkout', environment: 'production', context: { user_id: 'u1' } });
    found.diff = await call('diff', { old: 'HEAD' });
    found.stale = await call('stale', { for: '30d' });
    found.health = await call('health', { flag: 'checkout', logs: ['web=log.ndjson'], environment: 'production' });
    found.decide = await call('decide', { flag: 'checkout', logs: ['web=log.ndjson'], environment: 'production' });
    found.analyze = await call('analyze', { flag: 'theme', logs: ['web=log.ndjson'], environment: 'production' });
    found.unknown = await call('show', { flag: 'chekout' });
    found.wrong = await call('show', { flag: 'checkout', nonsense: 1 });
    found.set = await call('set', { flags: ['checkout'], changes: ['owner=me'], reason: 'why' });
});
await session(['--allow-edits'], async (client, call) => {
    found.edits = (await client.listTools()).tools.map((tool) => tool.name);
    found.dry = await call('set', { flags: ['banner'], changes: ['owner=shop'], reason: 'a new owner' });
    const token = /"token": "([0-9a-f]+)"/.exec(found.dry.texts.at(-1))[1];
    found.other = await call('disable', { token });
    found.mixed = await call('set', { token, reason: 'x' });
    found.applied = await call('set', { token });
    found.again = await call('set', { token });
    found.disable = await call('disable', { flags: ['banner'], environment: 'production', reason: 'broken' });
});
console.log(JSON.stringify(found));
process.exit(0);
