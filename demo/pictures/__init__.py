"""Pictures, from whatever a user names to upright 8-bit RGB.

| module | what it holds |
|---|---|
| `inputs` | files, folders and standard input, as a list of pictures |
| `decoding` | one picture of any kind, decoded in bounded memory and time |
| `colours` | its pixels, of whatever kind, to RGB |
| `hostile` | the bounds, for files made to cost much |
"""
