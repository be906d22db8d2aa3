#!/bin/bash
# Measures ehlo load and ehlo sink beside Postfix's smtp-source and smtp-sink, both ends on loopback,
# in pairs that alternate. Prints medians as a table; ends when the counts of the two ends differ.
#   tests/bench/load.sh [EHLO [RUNS [MESSAGES]]]
# EHLO is a release build. EHLO_TEST_SMTP (of tests/servers/up) names the port of a Postfix that takes
# mail for alice@ehlo.test; without it that row is left out. It gets a tenth of the messages.
set -euo pipefail
cd "$(dirname "$0")/../.."
ehlo=$(realpath "${1-target/release/ehlo}")
runs=${2-5}
messages=${3-20000}
sessions=20
export PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d)
receiver=
finish() {
    [ -z "$receiver" ] || kill "$receiver" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
tick=$(getconf CLK_TCK)
who=()
[ "$(id -u)" != 0 ] || who=(-u nobody)

die() {
    echo "$*" >&2
    exit 1
}

# Waits until our smtp-sink greets on $port; says no when it is gone. A stranger there is not taken for it.
greets() {
    local greeting
    while kill -0 "$receiver" 2>/dev/null; do
        greeting=
        if { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
            read -r -t 2 greeting <&3 || true
            exec 3>&-
        fi
        [[ $greeting != "220 bench$$ "* ]] || return 0
        sleep 0.02
    done
    return 1
}

# Starts a receiver; leaves its process in $receiver and its port in $port.
receive() {
    case $1 in
    smtp-sink)
        # Somebody else may have the port; then smtp-sink dies, and another one is taken.
        until
            port=$((20000 + RANDOM % 10000))
            smtp-sink "${who[@]}" -h "bench$$" -m 12000 "127.0.0.1:$port" 4096 2>"$work/errors" &
            receiver=$!
            greets
        do
            wait "$receiver" || grep -q 'Address already in use' "$work/errors" || die "$(cat "$work/errors")"
        done
        ;;
    sink | sink-tls)
        local tls=()
        [ "$1" = sink ] || tls=(--tls --ca-out "$work/ca.pem")
        rm -f "$work/ready"
        "$ehlo" sink 127.0.0.1:0 -q --json "${tls[@]}" --ready-file "$work/ready" >"$work/report" &
        receiver=$!
        until [ -s "$work/ready" ]; do sleep 0.02; done
        port=$(sed -n 's/^smtps*:.*://p' "$work/ready")
        ;;
    postfix)
        receiver=
        port=$EHLO_TEST_SMTP
        ;;
    esac
}

# Sends; wall seconds, CPU seconds and kB resident are left in $work/time.
send() {
    local to="127.0.0.1:$port" count=$messages from=(-f a@ehlo.test -t alice@ehlo.test)
    [ "$2" != postfix ] || count=$((messages / 10))
    local size=(-l 5120 -m "$count" "${from[@]}")
    local timed=(/usr/bin/time -o "$work/time" -f '%e %U %S %M')
    case $1 in
    source) "${timed[@]}" smtp-source -s $sessions "${size[@]}" "$to" ;;
    source-d) "${timed[@]}" smtp-source -d -s $sessions "${size[@]}" "$to" ;;
    source-1000) "${timed[@]}" smtp-source -d -s 1000 "${size[@]}" "$to" ;;
    load) "${timed[@]}" "$ehlo" load -s $sessions "${size[@]}" -q --json "$to" >"$work/sent" ;;
    load-d) "${timed[@]}" "$ehlo" load -d -s $sessions "${size[@]}" -q --json "$to" >"$work/sent" ;;
    load-10000) "${timed[@]}" "$ehlo" load -d -s 10000 "${size[@]}" -q --json "$to" >"$work/sent" ;;
    load-pipelining)
        "${timed[@]}" "$ehlo" load -d --pipelining -s $sessions "${size[@]}" -q --json "$to" >"$work/sent"
        ;;
    load-tls)
        "${timed[@]}" "$ehlo" load -d -s $sessions "${size[@]}" -q --json --ca-file "$work/ca.pem" \
            "smtps://$to" >"$work/sent"
        ;;
    esac
    case $1 in load*)
        grep -q "\"accepted\":$count," "$work/sent" || die "not all accepted: $(cat "$work/sent")" ;;
    esac
}

# once SENDER RECEIVER: appends "messages/s, CPU of the sender, CPU of the receiver, kB of the sender".
once() {
    receive "$2"
    send "$1" "$2"
    local cpu=0
    if [ -n "$receiver" ]; then
        cpu=$(awk -v tick="$tick" '{ sub(/.*\) /, ""); print ($12 + $13) / tick }' "/proc/$receiver/stat")
        kill "$receiver"
        wait "$receiver" 2>/dev/null || true
        receiver=
        case $2 in sink*)
            grep -q "\"accepted\":$messages," "$work/report" || die "the counts differ: $(cat "$work/report")" ;;
        esac
    fi
    local count=$messages
    [ "$2" != postfix ] || count=$((messages / 10))
    awk -v n="$count" -v cpu="$cpu" '{ print n / ($1 > 0 ? $1 : 0.01), $2 + $3, cpu, $4 }' "$work/time" \
        >>"$work/$1.$2"
}

# median FILE FIELD
median() {
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -g | sed -n "$(((runs + 1) / 2))p"
}

# row WORK, sender and receiver, the peers' sender and receiver, MARK
row() {
    local a=$2.$3 b=$4.$5
    rm -f "$work/$a" "$work/$b"
    for _ in $(seq "$runs"); do
        once "$2" "$3"
        once "$4" "$5"
    done
    awk -v work="$1" -v mark="$6" \
        -v r1="$(median "$a" 1)" -v r2="$(median "$b" 1)" -v s1="$(median "$a" 2)" -v s2="$(median "$b" 2)" \
        -v c1="$(median "$a" 3)" -v c2="$(median "$b" 3)" -v m1="$(median "$a" 4)" -v m2="$(median "$b" 4)" 'BEGIN {
        part = c2 > 0 ? sprintf("%.2f / %.2f = %.2f", c1, c2, c1 / c2) : "–"
        printf "| %s | %.0f / %.0f = %.2f | %.2f / %.2f = %.2f | %s | %.0f / %.0f MB | %s |\n", \
            work, r1, r2, r1 / r2, s1, s2, s1 / s2, part, m1 / 1024, m2 / 1024, mark }'
}

echo "$(date -u +%F), $(nproc) cores, load average $(cut -d' ' -f1-3 /proc/loadavg), $messages messages of 5120 octets, $sessions sessions, medians of $runs pairs"
echo
echo "| work / beside | messages/s | sender's CPU, s | receiver's CPU, s | sender's memory | mark |"
echo "| --- | --- | --- | --- | --- | --- |"
row 'load -d → smtp-sink / smtp-source -d → smtp-sink' load-d smtp-sink source-d smtp-sink 'rate 0.95, sender 0.8'
row 'load → smtp-sink / smtp-source → smtp-sink' load smtp-sink source smtp-sink 'rate 1.0, sender 1.0'
row 'smtp-source -d → sink / smtp-source -d → smtp-sink' source-d sink source-d smtp-sink 'rate 1.1, receiver 0.7'
row 'load -d --pipelining → sink / smtp-source -d → smtp-sink' load-pipelining sink source-d smtp-sink 'rate 3'
row 'load -d over TLS 1.3 → sink / in the clear' load-tls sink-tls load-d sink 'rate 0.5'
row 'load -d → sink / smtp-source -d → smtp-sink' load-d sink source-d smtp-sink 'rate 1.5'
row 'load -d, 10,000 sessions → sink / smtp-source, 1,000 sessions' load-10000 sink source-1000 smtp-sink '150 MB'
[ -z "${EHLO_TEST_SMTP-}" ] ||
    row 'load → Postfix / smtp-source → Postfix' load postfix source postfix 'rate 0.95'
echo
echo "load average afterwards $(cut -d' ' -f1-3 /proc/loadavg)"
