// Unleash's Node client on bootstrapped features: it does not refresh them, and sends no metrics.
import { once } from 'node:events';
import { InMemStorageProvider, Unleash } from 'unleash-client';
import { countries, members } from '../workload.mjs';

export const packageName = 'unleash-client';

const isIn = (contextName, values) => ({ contextName, operator: 'IN', values });
const rollout = (groupId, percent, constraints = []) => ({
    name: 'flexibleRollout',
    parameters: { groupId, rollout: String(percent), stickiness: 'userId' },
    constraints,
});
const feature = (name, strategy) => ({
    name,
    type: 'release',
    enabled: true,
    strategies: [strategy],
});

export async function open() {
    const client = new Unleash({
        url: 'http://localhost/',
        appName: 'bench',
        refreshInterval: 0,
        disableMetrics: true,
        storageProvider: new InMemStorageProvider(),
        bootstrap: {
            data: [
                feature('constant', { name: 'default' }),
                feature('half', rollout('half', 50)),
                feature(
                    'rule',
                    rollout('rule', 25, [isIn('country', countries), isIn('plan', ['premium'])]),
                ),
                feature('list', { name: 'default', constraints: [isIn('userId', members)] }),
            ],
        },
    });
    await once(client, 'synchronized');
    return {
        context: ({ userId, country, plan }) => ({ userId, properties: { country, plan } }),
        evaluate: (key, context) => client.isEnabled(key, context),
    };
}
