#!/bin/sh
# Renders the scenes of this folder into ../NAME.jpg.  Usage: sh render.sh [NAME ...]
# Needs POV-Ray 3.7 (Debian: apt-get install povray) and Python with Pillow and NumPy.
# The rays are fixed by the scene files; develop.py then plays the camera: it adds a
# trace of lens blur and sensor grain from a seeded generator and
# writes a plain 640x480 JPEG without metadata.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- $(cd "$here" && ls *.pov | sed 's/\.pov$//')
for name in "$@"; do
  povray +I"$here/$name.pov" +L"$here" +O"$work/$name.png" +W"${WIDTH:-640}" +H"${HEIGHT:-480}" \
    +A0.25 +AM1 +R2 +FN8 +WT"${THREADS:-1}" -D -V -GA >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  "${PYTHON:-python3}" "$here/develop.py" "$work/$name.png" "${OUT:-$here/..}/$name.jpg"
done
