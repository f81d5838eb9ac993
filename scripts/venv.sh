# Makes and fills .venv; sourced by the other scripts, from the top of the repository.
#
# Works where Python is externally managed, since nothing is installed outside .venv, and where
# Debian or Ubuntu left out the part of Python that makes virtual environments.

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $1"
    say "hint: $2"
    exit 1
}

# As root, or with sudo that asks for no password: true when packages may be installed.
may_apt() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

apt_install() {
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root="sudo -n"
    say "installing $* by apt"
    # shellcheck disable=SC2086 # as_root is a command or nothing
    if [ -z "${APT_UPDATED:-}" ]; then
        $as_root apt-get update -qq </dev/null >&2 && APT_UPDATED=yes
    fi
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}

# Prints the first Python of at least 3.11; PYTHON overrides the search.
find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    die "no Python 3.11 or newer was found" "install one, or name it: PYTHON=/path/to/python3.12 $0"
}

# Makes .venv and installs the versions of requirements/$1.txt, unless that was done before.
prepare() {
    lock="requirements/$1.txt"
    command -v git >/dev/null 2>&1 || {
        may_apt && apt_install git
    } || die "git was not found" "apt-get install git"
    if ! [ -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python="$(find_python)" || exit 1
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
            may_apt && apt_install "python$version-venv" ||
                die "$python cannot make virtual environments" "apt-get install python$version-venv"
        fi
        say "making .venv with $("$python" --version)"
        rm -rf .venv
        "$python" -m venv .venv || die "$python could not make .venv" "see its message above"
    fi
    stamp=".venv/installed-$1"
    if ! cat "$lock" pyproject.toml | cmp -s - "$stamp"; then
        say "installing the versions of $lock into .venv (some minutes the first time)"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            -r "$lock" </dev/null >&2 || die "pip could not install $lock" "see its message above"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --no-deps --no-build-isolation -e . </dev/null >&2 ||
            die "pip could not install gitrack" "see its message above"
        cat "$lock" pyproject.toml >"$stamp"
    fi
}
