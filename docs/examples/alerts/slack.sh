#!/bin/sh
# slack.sh - a hook that posts to an incoming webhook of Slack, Mattermost or Rocket.Chat.
# Needs curl and jq. SLACK_WEBHOOK: the webhook's address, a secret.
set -eu
jq '{text: ("*\(.flag) in \(.environment): \(.event.name)*\n\(.event.reason)"
            + if .event.runbook then "\n<\(.event.runbook)|what to do>" else "" end)}' |
    curl --fail --silent --show-error --max-time 20 --retry 2 --output /dev/null \
        --header 'Content-Type: application/json' --data-binary @- "$SLACK_WEBHOOK"
