const re = /["'`]/g, half = a / b; const on = await client.getBooleanValue('dark-mode', false);
const t = `a ${client.getBooleanValue("gone-ts", false)} b ${`${"above"}`}`, u = `base ${x}`;
function isEnabled(name: string): boolean { return true; }
useFlag<boolean>("cta"); newSearch.on(); log.search("x"); thing?.isEnabled?.(`gone-call`);
