// Statsig's server core, which is native code behind its Node package, on a data store of our own,
// with network and logging off.
import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { countries, members } from '../workload.mjs';

export const packageName = '@statsig/statsig-node-core';
export const note = 'native code, called from Node';

const isIn = (type, field, targetValue) => ({
    type,
    field,
    operator: 'any',
    targetValue,
    additionalValues: {},
    idType: 'userID',
});
const gate = (salt, passPercentage, conditions) => ({
    type: 'feature_gate',
    entity: 'feature_gate',
    salt,
    enabled: true,
    defaultValue: false,
    idType: 'userID',
    rules: [
        {
            name: salt,
            id: salt,
            salt,
            passPercentage,
            conditions,
            returnValue: true,
            idType: 'userID',
        },
    ],
});

const specs = {
    feature_gates: {
        constant: gate('constant', 100, ['everybody']),
        half: gate('half', 50, ['everybody']),
        rule: gate('rule', 25, ['countries', 'premium']),
        list: gate('list', 100, ['members']),
    },
    dynamic_configs: {},
    layer_configs: {},
    condition_map: {
        everybody: { type: 'public', idType: 'userID' },
        countries: isIn('user_field', 'country', countries),
        premium: isIn('user_field', 'plan', ['premium']),
        members: isIn('unit_id', null, members),
    },
    experiment_to_layer: {},
    has_updates: true,
    time: 1,
};

export async function open() {
    const statsig = new Statsig('secret-bench', {
        dataStore: {
            initialize: async () => {},
            get: async () => ({ result: JSON.stringify(specs), time: specs.time }),
            supportPollingUpdatesFor: async () => false,
        },
        disableNetwork: true,
        disableAllLogging: true,
        disableCountryLookup: true,
        outputLogLevel: 'none',
    });
    const result = await statsig.initialize();
    if (!result.isSuccess) throw new Error(result.error ?? 'cannot initialize');
    return {
        context: ({ userId, country, plan }) =>
            new StatsigUser({ userID: userId, country, custom: { plan } }),
        evaluate: (key, user) => statsig.checkGate(user, key),
    };
}
