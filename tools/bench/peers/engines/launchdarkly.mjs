// LaunchDarkly's Node server SDK on its test data source, with events off.
import { basicLogger, init } from '@launchdarkly/node-server-sdk';
import { TestData } from '@launchdarkly/node-server-sdk/integrations';
import { countries, members } from '../workload.mjs';

export const packageName = '@launchdarkly/node-server-sdk';
export const note = 'its promises awaited';

const ON = 0, OFF = 1;
const share = (percent) => ({
    rollout: {
        contextKind: 'user',
        variations: [
            { variation: ON, weight: percent * 1000 },
            { variation: OFF, weight: (100 - percent) * 1000 },
        ],
    },
});
const flag = (key, rest) => ({
    key,
    version: 1,
    on: true,
    salt: key,
    variations: [true, false],
    offVariation: OFF,
    fallthrough: { variation: OFF },
    ...rest,
});
const isIn = (attribute, values) => ({ contextKind: 'user', attribute, op: 'in', values });

export async function open() {
    const data = new TestData();
    await data.usePreconfiguredFlag(flag('constant', { fallthrough: { variation: ON } }));
    await data.usePreconfiguredFlag(flag('half', { fallthrough: share(50) }));
    await data.usePreconfiguredFlag(
        flag('rule', {
            rules: [
                {
                    id: 'rule',
                    clauses: [isIn('country', countries), isIn('plan', ['premium'])],
                    ...share(25),
                },
            ],
        }),
    );
    await data.usePreconfiguredFlag(
        flag('list', { targets: [{ values: members, variation: ON }] }),
    );
    const client = init('key', {
        updateProcessor: data.getFactory(),
        sendEvents: false,
        diagnosticOptOut: true,
        logger: basicLogger({ level: 'error' }),
    });
    await client.waitForInitialization({ timeout: 10 });
    return {
        context: ({ userId, country, plan }) => ({ kind: 'user', key: userId, country, plan }),
        evaluate: (key, context) => client.boolVariation(key, context, false),
    };
}
