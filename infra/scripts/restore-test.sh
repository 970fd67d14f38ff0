#!/bin/sh
# Prove that a backup can be restored: restore it into a folder of its own, start a server there, count what it loaded.
set -eu
umask 077

usage() { echo 'Usage: restore-test.sh BACKUP   (a file of backup.sh; exit 0 if a server loads it and it holds keys)'; }
say() { printf '%s\n' "$*" >&2; }

case ${1-} in -h | --help) usage && exit 0 ;; esac
if [ $# -ne 1 ]; then
    usage >&2
    exit 2
fi
backup=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
client=$(command -v valkey-cli || command -v redis-cli)
server=$(command -v valkey-server || command -v redis-server)
trial=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null; wait "$pid"; fi; rm -rf "$trial"' EXIT
trap 'exit 1' INT TERM

mkdir "$trial/data"
STORE_HOST='' STORE_SOCKET='' sh "$here/restore.sh" "$backup" "$trial/data" >"$trial/said" 2>&1 || {
    cat "$trial/said" >&2
    exit 1
}
"$server" --dir "$trial/data" --port 0 --unixsocket "$trial/s" --appendonly yes --save '' --daemonize no \
    >"$trial/log" 2>&1 &
pid=$!

waits=0 keys=
while [ "$waits" -lt "${LOAD_SECONDS:-120}" ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
        say "FAILED: a server does not start on $(basename -- "$backup"):"
        tail -n 5 "$trial/log" >&2
        exit 1
    fi
    keys=$("$client" -s "$trial/s" DBSIZE 2>/dev/null) || keys=
    case $keys in '' | *[!0-9]*) ;; *) break ;; esac # still loading
    waits=$((waits + 1))
    sleep 1
done
case $keys in
'' | 0 | *[!0-9]*)
    say "FAILED: $(basename -- "$backup") was not loaded or is empty (${keys:-no answer})"
    exit 1
    ;;
esac
say "$(basename -- "$backup") loads: $keys keys"
