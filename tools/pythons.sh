#!/bin/sh
# Prints one interpreter a line, each at least 3.11: the default python3 first, then one for every further
# version found on PATH or among pyenv's. A pyenv shim may exist without its version, so each is asked.
pyenv_versions=$(dirname "$(dirname "$(command -v pyenv || echo /nowhere/bin/pyenv)")")/versions
seen=" "
for candidate in python3 python3.13 python3.12 python3.11 python3.14 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3 "$pyenv_versions"/3.*/bin/python3; do
    version=$("$candidate" -c 'import sys; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2])' \
        2>/dev/null) || continue
    case "$version:$seen" in :* | *" ${version:-none} "*) continue ;; esac
    seen="$seen$version "
    command -v "$candidate"
done
