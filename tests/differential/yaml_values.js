// What another reader of YAML makes of each file: for each path on stdin, what yaml_values.c prints.
// It is the package `yaml` of JavaScript, which is of YAML 1.2 (Debian's node-yaml).

const fs = require("fs");
const yaml = require("yaml");

const escapes = { "\\": "\\\\", "\b": "\\b", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function addNode(node, events) {
    if (node === null) {
        events.push("=VAL :");
    } else if (yaml.isMap(node)) {
        events.push("+MAP");
        node.items.forEach((pair) => addPair(pair, events));
        events.push("-MAP");
    } else if (yaml.isSeq(node)) {
        events.push("+SEQ");
        node.items.forEach((item) => addItem(item, events));
        events.push("-SEQ");
    } else {
        const plain = node.type === "PLAIN" || node.type === undefined;
        const text = node.value === null ? "" : String(node.value);
        events.push("=VAL " + (plain ? ":" : '"') + text.replace(/[\\\x08\n\r\t]/g, (c) => escapes[c]));
    }
}

function addPair(pair, events) {
    addNode(pair.key, events);
    addNode(pair.value, events);
}

// [key: value] has a map of one entry.
function addItem(item, events) {
    if (!yaml.isPair(item)) {
        addNode(item, events);
        return;
    }
    events.push("+MAP");
    addPair(item, events);
    events.push("-MAP");
}

for (const path of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const text = fs.readFileSync(path, "utf8").replace(/^\ufeff/, "");
    const options = { schema: "failsafe", version: "1.2", uniqueKeys: false, logLevel: "silent" };
    const document = yaml.parseDocument(text, options);
    const events = [];
    if (document.errors.length > 0) {
        console.log(path + " refused");
        console.log("# " + document.errors[0].message.split("\n")[0]);
        continue;
    }
    addNode(document.contents, events);
    console.log([path + " accepted"].concat(events).join("\n"));
}
