# Sourced by ./run, ./test and ./check: one .venv that holds what the lock files say, and Debian packages where needed.
# Everything said here goes to stderr, so that the output of a command can be piped.

say() { printf '%s\n' "$*" >&2; }

# prepare_venv runtime|dev: make or refresh .venv. The development set contains the runtime set, so a
# venv made for ./test serves ./run too and is never taken back. When nothing is to do it writes nothing.
prepare_venv() {
    [ -n "${HOME-unset}" ] || unset HOME # an empty HOME sends pip's cache to the root folder
    if venv_is_current "$1"; then return 0; fi
    mkdir -p .cache
    (
        if command -v flock >/dev/null && ! flock -n 9; then
            say "Another start is preparing .venv; waiting for it …"
            flock 9
        fi
        venv_is_current "$1" || refresh_venv "$1"
    ) 9>.cache/venv.lock
}

# need_commands COMMAND:PACKAGE …: install the Debian packages of the commands that are missing, or say how.
# A name with a leading slash is a file.
need_commands() {
    local pair packages=()
    for pair in "$@"; do
        case $pair in
        /*) [ -e "${pair%%:*}" ] || packages+=("${pair#*:}") ;;
        *) command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}") ;;
        esac
    done
    [ ${#packages[@]} -eq 0 ] || install_debian "${packages[@]}"
}

# A stamp is a copy of the lock file, written after the install; both are compared because a runtime
# lock that was installed over an older development set leaves neither.
venv_is_current() {
    cmp -s requirements.txt .venv/.installed-runtime || return 1
    [ "$1" = runtime ] || cmp -s requirements-dev.txt .venv/.installed-dev || return 1
    venv_works
}

# A system upgrade from one Python to the next leaves a .venv whose python starts and finds nothing.
venv_works() {
    .venv/bin/python -I -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

refresh_venv() {
    local started=$SECONDS
    # A killed pip may leave half a package that the next pip takes for a whole one.
    if [ -e .venv/.installing ] || ! venv_works; then
        find_python || return 1
        say "Making .venv with $("$python" --version) …"
        "$python" -I -m venv --clear .venv || return 1
    fi
    rm -f .venv/.installed-runtime
    if [ "$1" = dev ]; then
        rm -f .venv/.installed-dev
        install_lock requirements-dev.txt || return 1
        cp requirements-dev.txt .venv/.installed-dev || return 1
    else
        install_lock requirements.txt || return 1
    fi
    cp requirements.txt .venv/.installed-runtime || return 1
    say "Packages are in place after $((SECONDS - started)) s."
}

# Sets `python` to the first interpreter that can make a venv.
find_python() {
    local lacking=""
    find_complete_python && return 0
    if [ -z "$lacking" ]; then
        say "Python 3.11 or newer is needed and was not found on PATH."
        install_hint python3 python3-venv
        return 1
    fi
    # Debian keeps ensurepip in a package of its own.
    install_debian "$("$lacking" -I -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')" || return 1
    find_complete_python || { say "$lacking still has no ensurepip module."; return 1; }
}

find_complete_python() {
    for python in python3 python3.11 python3.12 python3.13 python3.14; do
        "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if "$python" -I -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi
        lacking=${lacking:-$python}
    done
    return 1
}

# Index, certificates and proxies come from the machine's own pip configuration or from none.
install_lock() {
    local line found=0 log=.cache/pip.log
    say "Installing $(grep -c '^[a-z0-9].*==' "$1") packages of $1 …"
    : >"$log"
    touch .venv/.installing
    if ! PIP_USER=0 .venv/bin/python -I -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes -r "$1" 2>&1 | while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        case $line in
        'Collecting '* | 'Processing '* | 'Requirement already satisfied: '*)
            found=$((found + 1))
            if [ $((found % 20)) -eq 0 ]; then say "  $found found"; fi
            ;;
        'Installing collected packages'*) say "  unpacking $found" ;;
        esac
    done; then
        rm .venv/.installing # pip failed by itself and put everything back
        grep -Ev '^(Collecting|Processing|Requirement already|Looking in|  )' "$log" | tail -n 20 >&2
        say "Installing failed; all that pip said is in $log. The next start tries again."
        return 1
    fi
    rm .venv/.installing
}

install_debian() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        say "This machine lacks $*."
        install_hint "$@"
        return 1
    fi
    say "Installing $* …"
    # dpkg refuses to work without the folders of ldconfig and start-stop-daemon on PATH.
    PATH=$PATH:/usr/sbin:/sbin DEBIAN_FRONTEND=noninteractive bash -c '
        apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
    ' apt "$@" </dev/null >&2
}

install_hint() {
    say "Type this, then start again:"
    say "  sudo apt-get update && sudo apt-get install -y $*"
}
