#!/bin/sh
# alertmanager.sh - a hook that raises an alert in Prometheus's Alertmanager, which routes it.
# Needs curl and jq. ALERTMANAGER_URL: its address, such as http://alertmanager:9093; the alert
# resolves by itself after its resolve_timeout.
set -eu
jq '[{labels: {alertname: "ffc_\(.event.name)", flag, environment},
      annotations: ({summary: .event.reason}
                    + if .event.runbook then {runbook_url: .event.runbook} else {} end)}]' |
    curl --fail --silent --show-error --max-time 20 --retry 2 --output /dev/null \
        --header 'Content-Type: application/json' --data-binary @- "$ALERTMANAGER_URL/api/v2/alerts"
