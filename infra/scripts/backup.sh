#!/bin/sh
# Take a backup of the store: one point in time, checked, with its checksum beside it. Written for the small sh of the
# Valkey image. The server streams a snapshot of itself, so nothing here needs its data folder and nothing waits for it.
set -eu
umask 077

usage() {
    cat <<'END'
Usage: backup.sh [--every SECONDS] [--test] FOLDER
  --every SECONDS  again and again, until stopped; a backup that failed is tried again after a minute
  --test           load each backup into a server of its own before it counts (restore-test.sh)

The store: STORE_HOST and STORE_PORT (127.0.0.1, 6379), or STORE_SOCKET. Password: STORE_PASSWORD.
KEEP_DAYS (14)    older backups are deleted,
KEEP_LEAST (8)    but never the newest of them, so that a store that is gone does not take its backups along
END
}

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >&2; }

fail() {
    say "FAILED: $*"
    exit 1
}

store() {
    if [ -n "${STORE_SOCKET-}" ]; then
        "$client" -s "$STORE_SOCKET" "$@"
    else
        "$client" -h "${STORE_HOST:-127.0.0.1}" -p "${STORE_PORT:-6379}" "$@"
    fi
}

back_up() {
    keys=$(store DBSIZE) || keys=
    case $keys in
    '' | *[!0-9]*) fail "the store does not answer${keys:+: $keys}" ;;
    0) fail "the store is empty. A desk never is, so nothing was kept and nothing was deleted" ;;
    esac
    find "$folder" -maxdepth 1 -name '.part-*' -mmin +60 -exec rm -rf {} + # a killed run's
    part=$folder/.part-$$
    trap 'rm -rf "$part"*' EXIT
    said=$(store --rdb "$part" 2>&1) || fail "$said"
    said=$("$checker" "$part" 2>&1) || fail "the snapshot is damaged: $(printf '%s\n' "$said" | tail -n 1)"
    name=store-$(date -u +%Y%m%dT%H%M%SZ).rdb
    sum=$(sha256sum "$part")
    printf '%s  %s\n' "${sum%% *}" "$name" >"$part.sha256"
    if [ -n "$test" ]; then prove; fi
    mv "$part.sha256" "$folder/$name.sha256"
    mv "$part" "$folder/$name"
    sync
    say "ok $name keys=$keys bytes=$(wc -c <"$folder/$name" | tr -d ' ')${test:+ loaded=yes}"
    drop_old
}

# The checksum names the file as it will be called, so the proof is given a folder where it is called so.
prove() {
    mkdir "$part.proof"
    ln "$part" "$part.proof/$name"
    cp "$part.sha256" "$part.proof/$name.sha256"
    sh "$here/restore-test.sh" "$part.proof/$name" || fail "the backup cannot be restored"
}

drop_old() {
    find "$folder" -maxdepth 1 -name 'store-*.rdb' | sort -r | tail -n "+$((${KEEP_LEAST:-8} + 1))" |
        while IFS= read -r old; do
            if [ -n "$(find "$old" -mtime "+$((${KEEP_DAYS:-14} - 1))")" ]; then
                rm -f "$old" "$old.sha256"
                say "deleted ${old##*/}"
            fi
        done
}

first_of() {
    for name in "$@"; do
        if command -v "$name" >/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "This machine has none of: $*"
    return 1
}

every='' test='' folder=''
while [ $# -gt 0 ]; do
    case $1 in
    --every) every=${2-} && shift ;;
    --test) test=1 ;;
    -h | --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) folder=$1 ;;
    esac
    shift
done
case $every in *[!0-9]* | 0) usage >&2 && exit 2 ;; esac
if [ ! -d "$folder" ]; then
    usage >&2
    say "FOLDER ${folder:+$folder }is not there"
    exit 2
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
client=$(first_of valkey-cli redis-cli)
checker=$(first_of valkey-check-rdb redis-check-rdb)
if [ -n "${STORE_PASSWORD-}" ]; then
    export VALKEYCLI_AUTH="$STORE_PASSWORD" REDISCLI_AUTH="$STORE_PASSWORD"
fi

if [ -z "$every" ]; then
    back_up
    exit
fi
# Each backup is a process of its own, and waited for, so that a stop ends both at once.
trap 'kill "$!" 2>/dev/null; exit 0' INT TERM
while :; do
    pause=$every
    sh "$here/backup.sh" ${test:+--test} "$folder" &
    wait "$!" || pause=60
    sleep "$pause" &
    wait "$!"
done
