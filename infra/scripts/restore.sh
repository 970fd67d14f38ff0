#!/bin/sh
# Put a backup where a stopped store will find it at its next start. What was there is kept beside it, never deleted.
#
# A snapshot is what an append-only log begins with, so the backup becomes the base of a new log and the server needs no
# special start: not even one with the log switched off, which would lose what is written meanwhile.
set -eu
umask 077

usage() {
    cat <<'END'
Usage: restore.sh BACKUP DATA_FOLDER
  BACKUP       a file of backup.sh; its checksum must stand beside it as BACKUP.sha256
  DATA_FOLDER  the stopped store's data folder, which holds or will hold appendonlydir

With STORE_HOST (and STORE_PORT) or STORE_SOCKET, it is refused while a store answers there.
END
}

say() { printf '%s\n' "$*" >&2; }

running() {
    client=$(command -v valkey-cli || command -v redis-cli) || return 1
    if [ -n "${STORE_SOCKET-}" ]; then
        answer=$("$client" -s "$STORE_SOCKET" PING 2>&1)
    elif [ -n "${STORE_HOST-}" ]; then
        answer=$("$client" -h "$STORE_HOST" -p "${STORE_PORT:-6379}" PING 2>&1)
    else
        return 1
    fi
    case $answer in
    *'Could not connect'* | '') return 1 ;; # every other answer, NOAUTH and LOADING too, is somebody alive
    esac
}

case ${1-} in -h | --help) usage && exit 0 ;; esac
if [ $# -ne 2 ]; then
    usage >&2
    exit 2
fi
backup=$1 data=$2 stamp=$(date -u +%Y%m%dT%H%M%SZ)
log=$data/appendonlydir
new=$data/.appendonlydir-$$

if [ ! -f "$backup" ] || [ ! -d "$data" ]; then
    say "Nothing was changed: $backup or $data is not there."
    exit 1
fi
if running; then
    say "Nothing was changed: the store is running. Stop the bots, then the store, then try again."
    exit 1
fi
if ! (cd "$(dirname -- "$backup")" && sha256sum -c "$(basename -- "$backup").sha256" >/dev/null 2>&1); then
    say "Nothing was changed: $backup is not what its checksum says, or the checksum is missing."
    exit 1
fi

rm -rf "$new"
mkdir "$new"
cp "$backup" "$new/appendonly.aof.1.base.rdb"
printf 'file appendonly.aof.1.base.rdb seq 1 type b\n' >"$new/appendonly.aof.manifest"
if [ "$(id -u)" -eq 0 ]; then chown -R "$(stat -c %u:%g "$data")" "$new"; fi
sync
if [ -e "$log" ]; then
    mv "$log" "$log.before-$stamp"
    say "What was there is kept in $log.before-$stamp; delete it when all is well."
fi
mv "$new" "$log"
sync
say "$(basename -- "$backup") is in place. Start the store, look at it, then start the bots."
