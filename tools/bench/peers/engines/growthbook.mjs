// GrowthBook's client for servers: one instance, a user's attributes with each call.
import { GrowthBookClient } from '@growthbook/growthbook';
import { countries, members } from '../workload.mjs';

export const packageName = '@growthbook/growthbook';

const feature = (rule) => ({ defaultValue: false, rules: [{ force: true, ...rule }] });

export function open() {
    const client = new GrowthBookClient().initSync({
        payload: {
            features: {
                constant: { defaultValue: true },
                half: feature({ coverage: 0.5, hashAttribute: 'id' }),
                rule: feature({
                    condition: { country: { $in: countries }, plan: 'premium' },
                    coverage: 0.25,
                    hashAttribute: 'id',
                }),
                list: feature({ condition: { id: { $inGroup: 'members' } } }),
            },
            savedGroups: { members },
        },
    });
    return {
        context: ({ userId, country, plan }) => ({ attributes: { id: userId, country, plan } }),
        evaluate: (key, context) => client.isOn(key, context),
    };
}
