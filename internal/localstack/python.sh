#!/usr/bin/env bash
# Prints the path of a Python >= 3.13 with venv, or fails silently where there is none.
set -euo pipefail
for p in python3.14 python3.13 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python3; do
  # A pyenv shim is found although it cannot run: asking is the only test.
  if "$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 13))' >/dev/null 2>&1; then
    command -v "$p"
    exit
  fi
done
exit 1
