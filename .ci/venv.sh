#!/bin/sh
# Makes the virtual environment $1 with the packages of the lock $2 and roost itself.
# Says which command mends a Python that is too old or comes without venv.
set -eu
venv=$1 lock=$2 python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null 2>&1; then
    echo "roost: '$python' was not found. Install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)," >&2
    echo "       or name another one: make PYTHON=/path/to/python3.11 $(basename "$lock" .lock)" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "roost: $("$python" --version) is too old, roost needs 3.11 or newer. Name another one: make PYTHON=python3.12 run" >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "roost: $python has no venv module. On Debian and Ubuntu: apt-get install python$version-venv" >&2
    exit 1
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
quiet="-q --disable-pip-version-check"
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install $quiet --require-hashes -r "$lock"
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install $quiet --no-deps --no-build-isolation --no-index -e .
