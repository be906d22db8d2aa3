#!/bin/bash
# smtp-source against ehlo sink and against smtp-sink, in pairs; medians of RUNS, and the CPU time of
# the receiving process. Usage: sink.sh [EHLO [RUNS [MESSAGES]]]
set -euo pipefail
ehlo=${1:-target/release/ehlo}
runs=${2:-5}
messages=${3:-20000}
export PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tick=$(getconf CLK_TCK)

# User and system time of a process, in milliseconds.
cpu() {
    awk -v tick="$tick" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / tick }' "/proc/$1/stat"
}

once() { # once NAME: sends, and notes messages a second and milliseconds of the receiver
    local name=$1 pid port before after
    rm -f "$work/ready"
    if [ "$name" = ehlo ]; then
        "$ehlo" sink 127.0.0.1:0 -q --ready-file "$work/ready" >"$work/report" &
        pid=$!
        until [ -s "$work/ready" ]; do sleep 0.05; done
        port=$(sed 's/.*://' "$work/ready")
    else
        port=$((20000 + RANDOM % 10000))
        smtp-sink -u "$(id -un)" "127.0.0.1:$port" 1000 2>/dev/null &
        pid=$!
        until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done
    fi
    before=$(date +%s.%N)
    smtp-source -d -s 20 -m "$messages" -l 5120 "127.0.0.1:$port"
    after=$(date +%s.%N)
    echo "$(awk "BEGIN { print $messages / ($after - $before) }") $(cpu "$pid")" >>"$work/$name"
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    if [ "$name" = ehlo ]; then
        grep -q "^messages *$(printf "%'d" "$messages" | tr -d "'\n" | sed -E ':a;s/([0-9])([0-9]{3})(,|$)/\1,\2\3/;ta') accepted" "$work/report" ||
            { echo "the counts differ:" && cat "$work/report"; exit 1; }
    fi
}

median() { # median NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -g | sed -n "$(((runs + 1) / 2))p"
}

echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $messages messages of 5120 octets, 20 sessions"
for _ in $(seq "$runs"); do
    once ehlo
    once smtp-sink
done
echo "| sink | messages/s | receiver's CPU, ms |"
echo "| --- | --- | --- |"
for name in ehlo smtp-sink; do
    printf '| %s | %.0f | %.0f |\n' "$name" "$(median "$name" 1)" "$(median "$name" 2)"
done
