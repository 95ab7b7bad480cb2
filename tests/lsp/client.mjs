// A session of `ffc lsp` with the client that VS Code itself is made of; prints what came back as JSON.
// Usage: client.mjs FFC ROOT, where node_modules is found from the working directory.
import { createRequire } from 'node:module';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'x.js'));
const { createProtocolConnection, StreamMessageReader, StreamMessageWriter, CancellationTokenSource, InitializeRequest, ShutdownRequest,
    ExitNotification, InitializedNotification, DidOpenTextDocumentNotification, DidChangeTextDocumentNotification, PublishDiagnosticsNotification,
    HoverRequest, CompletionRequest, DefinitionRequest, ReferencesRequest, RenameRequest, DocumentFormattingRequest, CodeActionRequest,
    InlayHintRequest, ResponseError } = require('vscode-languageserver-protocol/node.js');

const [ffc, root] = process.argv.slice(2);
const child = spawn(ffc, ['lsp'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
const connection = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
const found = {};
let told = () => {};
connection.onNotification(PublishDiagnosticsNotification.type, (params) => told(params));
connection.listen();
const said = (wanted) => new Promise((resolve) => { told = (params) => wanted(params) && resolve(params.diagnostics); });

const initialized = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid, rootUri: pathToFileURL(root).href, workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'x' }],
    capabilities: { textDocument: { publishDiagnostics: { relatedInformation: true } } },
});
found.capabilities = Object.keys(initialized.capabilities);
connection.sendNotification(InitializedNotification.type, {});
const uri = pathToFileURL(join(root, 'flags/shop.yaml')).href;
const text = readFileSync(join(root, 'flags/shop.yaml'), 'utf8');
const textDocument = { uri };
connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: 'yaml', version: 1, text } });
const at = (mark, after) => {
    const before = text.slice(0, text.indexOf(mark) + after);
    return { line: before.split('\n').length - 1, character: before.length - before.lastIndexOf('\n') - 1 };
};
const wrong = said((params) => params.uri === uri && params.diagnostics.length > 0);
const place = at('serve: on', 0);
connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: { start: place, end: { ...place, character: place.character + 5 } }, text: 'serv' }],
});
found.diagnostics = await wrong;
found.actions = await connection.sendRequest(CodeActionRequest.type, { textDocument, range: found.diagnostics[0].range, context: { diagnostics: found.diagnostics } });
const right = said((params) => params.uri === uri && params.diagnostics.length === 0);
connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version: 3 }, contentChanges: [{ text }] });
await right;
found.hover = await connection.sendRequest(HoverRequest.type, { textDocument, position: at('checkout', 2) });
found.completion = (await connection.sendRequest(CompletionRequest.type, { textDocument, position: at('nordics}', 0) })).items.map((item) => item.label);
found.definition = await connection.sendRequest(DefinitionRequest.type, { textDocument, position: at('nordics}', 1) });
found.references = await connection.sendRequest(ReferencesRequest.type, { textDocument, position: at('checkout', 2), context: { includeDeclaration: true } });
found.rename = await connection.sendRequest(RenameRequest.type, { textDocument, position: at('checkout', 2), newName: 'kasse' });
found.refused = await connection.sendRequest(RenameRequest.type, { textDocument, position: at('checkout', 2), newName: 'a*' })
    .catch((error) => error instanceof ResponseError && error.message);
found.formatting = await connection.sendRequest(DocumentFormattingRequest.type, { textDocument, options: { tabSize: 2, insertSpaces: true } });
found.hints = await connection.sendRequest(InlayHintRequest.type, { textDocument, range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } } });
const source = new CancellationTokenSource();
const cancelled = connection.sendRequest(ReferencesRequest.type, { textDocument, position: at('checkout', 2), context: { includeDeclaration: true } }, source.token)
    .then((places) => places.length, (error) => error.code);
source.cancel();
found.cancelled = await cancelled;
await connection.sendRequest(ShutdownRequest.type);
await connection.sendNotification(ExitNotification.type);
found.status = await ended;
console.log(JSON.stringify(found));
process.exit(0);
