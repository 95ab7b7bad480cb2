#!/bin/sh
# pagerduty.sh - a hook that opens an incident by PagerDuty's Events API, version 2.
# Needs curl and jq. PAGERDUTY_KEY: the integration's routing key, a secret; PAGERDUTY_URL: another
# receiver of such events.
set -eu
jq '{routing_key: env.PAGERDUTY_KEY,
     event_action: "trigger",
     dedup_key: "\(.flag)/\(.environment)/\(.event.name)",
     payload: {summary: "\(.flag) in \(.environment): \(.event.name): \(.event.reason)" | .[:1024],
               source: .environment,
               component: .flag,
               severity: (if .event.name == "alert" or .event.name == "rollback" then "critical" else "warning" end)},
     links: [.event.runbook | select(.) | {href: ., text: "what to do"}]}' |
    curl --fail --silent --show-error --max-time 20 --retry 2 --output /dev/null \
        --header 'Content-Type: application/json' --data-binary @- \
        "${PAGERDUTY_URL:-https://events.pagerduty.com/v2/enqueue}"
