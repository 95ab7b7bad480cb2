// Featurevisor's SDK on a datafile.
import { createInstance } from '@featurevisor/sdk';
import { countries, members } from '../workload.mjs';

export const packageName = '@featurevisor/sdk';

const isIn = (attribute, value) => ({ conditions: [{ attribute, operator: 'in', value }] });
const feature = (percent, segments = '*') => ({
    bucketBy: 'userId',
    traffic: [{ key: 'all', segments, percentage: percent * 1000 }],
});

export function open() {
    const instance = createInstance({
        logLevel: 'error',
        datafile: {
            schemaVersion: '2',
            revision: '1',
            segments: {
                countries: isIn('country', countries),
                premium: isIn('plan', ['premium']),
                members: isIn('userId', members),
            },
            features: {
                constant: feature(100),
                half: feature(50),
                rule: feature(25, ['countries', 'premium']),
                list: feature(100, 'members'),
            },
        },
    });
    return {
        context: (context) => context,
        evaluate: (key, context) => instance.isEnabled(key, context),
    };
}
