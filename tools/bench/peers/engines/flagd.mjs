// flagd's evaluator, as its OpenFeature provider runs it in the process.
import { FlagdCore } from '@openfeature/flagd-core';
import { countries, members } from '../workload.mjs';

export const packageName = '@openfeature/flagd-core';

const flag = (targeting, defaultVariant = 'off') => ({
    state: 'ENABLED',
    variants: { on: true, off: false },
    defaultVariant,
    targeting,
});
const share = (percent) => ({ fractional: [['on', percent], ['off', 100 - percent]] });

const inRule = {
    and: [
        { in: [{ var: 'country' }, countries] },
        { '===': [{ var: 'plan' }, 'premium'] },
    ],
};

export function open() {
    const core = new FlagdCore();
    core.setConfigurations(
        JSON.stringify({
            flags: {
                constant: flag(undefined, 'on'),
                half: flag(share(50)),
                rule: flag({ if: [inRule, share(25), 'off'] }),
                list: flag({ if: [{ in: [{ var: 'targetingKey' }, members] }, 'on', 'off'] }),
            },
        }),
    );
    return {
        context: ({ userId, country, plan }) => ({ targetingKey: userId, country, plan }),
        evaluate: (key, context) => core.resolveBooleanEvaluation(key, false, context).value,
    };
}
