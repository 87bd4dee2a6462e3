#!/usr/bin/env bash
# Prepare to run FastAPI's own tests: setup.sh DIR
# Makes DIR/venv (the tests' dependencies, no fastapi in it) and DIR/fastapi-0.163.2 (the published source archive).
# Does nothing where that is done already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: setup.sh DIR}
suite=fastapi-0.163.2
python=$dir/venv/bin/python

if [ -d "$dir/$suite" ] && cmp -s "$here/requirements.txt" "$dir/requirements.txt"; then exit; fi

command -v python3.11 >/dev/null 2>&1 || command -v uv >/dev/null 2>&1 || {
  echo "The conformance tests need Python 3.11 (its version shapes schemas and error texts), or uv, which finds one." >&2
  exit 1
}
echo "==> Preparing FastAPI's tests in $dir (once)"
mkdir -p "$dir"
if command -v uv >/dev/null 2>&1; then
  [ -x "$python" ] || uv venv -q --seed --python 3.11 "$dir/venv"
  uv pip install -q --python "$python" -r "$here/requirements.txt"
else
  [ -x "$python" ] || python3.11 -m venv "$dir/venv"
  "$python" -m pip install -q -r "$here/requirements.txt"
fi
if [ ! -d "$dir/$suite" ]; then
  "$python" -m pip download -q --no-binary fastapi --no-deps -d "$dir" "${suite/-/==}"
  tar -xzf "$dir/$suite.tar.gz" -C "$dir"
fi
cp "$here/requirements.txt" "$dir/requirements.txt"
