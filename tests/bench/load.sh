#!/bin/bash
# Measures ehlo load beside smtp-source, both against smtp-sink on loopback, in pairs that alternate.
#   tests/bench/load.sh EHLO [messages [pairs]]
# EHLO is a release build. Needs Postfix's smtp-source and smtp-sink; prints medians as a table.
set -euo pipefail
ehlo=${1:?the program to measure}
messages=${2:-20000}
pairs=${3:-5}
sessions=20
size=5120
scratch=$(mktemp -d)
sink=
finish() {
    [ -z "$sink" ] || kill "$sink" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

port=$((20000 + RANDOM % 10000))
who=()
[ "$(id -u)" != 0 ] || who=(-u nobody)
smtp-sink "${who[@]}" "127.0.0.1:$port" 2000 2>"$scratch/sink" &
sink=$!
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$sink" || { cat "$scratch/sink" >&2; exit 1; }
    sleep 0.05
done

# Runs a command; prints wall seconds and CPU seconds (user and system).
timed() {
    local TIMEFORMAT='%R %U %S'
    { time "$@" >"$scratch/out" 2>&1; } 2>&1 | awk '{ print $1, $2 + $3 }'
}
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
source_() { smtp-source "$@" -s $sessions -m "$messages" -l $size -f a@ehlo.test -t b@ehlo.test "127.0.0.1:$port"; }
load_() { "$ehlo" load "$@" -s $sessions -m "$messages" -l $size --json "127.0.0.1:$port"; }

# pair NAME "load's options" "smtp-source's options"
pair() {
    local i
    for i in $(seq "$pairs"); do
        # shellcheck disable=SC2086
        timed load_ $2 >>"$scratch/$1.load"
        grep -q "\"accepted\":$messages," "$scratch/out" || { cat "$scratch/out" >&2; exit 1; }
        # shellcheck disable=SC2086
        timed source_ $3 >>"$scratch/$1.source"
    done
    local lw sw lc sc
    lw=$(cut -d' ' -f1 "$scratch/$1.load" | median)
    sw=$(cut -d' ' -f1 "$scratch/$1.source" | median)
    lc=$(cut -d' ' -f2 "$scratch/$1.load" | median)
    sc=$(cut -d' ' -f2 "$scratch/$1.source" | median)
    awk -v n="$1" -v m="$messages" -v lw="$lw" -v sw="$sw" -v lc="$lc" -v sc="$sc" 'BEGIN {
        printf "| %s | %.0f/s | %.0f/s | %.2f | %.2f s | %.2f s | %.2f |\n", n, m / lw, m / sw, sw / lw, lc, sc, lc / sc }'
}

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $messages messages of $size octets, $sessions sessions, medians of $pairs pairs"
echo
echo "| work | load | smtp-source | times | CPU load | CPU smtp-source | times |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
pair kept "-d" "-d"
pair new "" ""
pair pipelined "-d --pipelining" "-d"
echo
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
