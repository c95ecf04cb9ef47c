"""Views that somebody sent: an address that names a filter, a run or a layer.

What an explorer's script will change stays unseen until it has, so that nothing moves under a
reader's eyes; should that script never come, the style sheet shows it after some seconds. Without
a script nothing is hidden. See `.awaits` in `base.css`.
"""

from __future__ import annotations

# Stands before an element of the class `awaits` and runs before that is painted; the explorer's own
# script takes the class `sent` away again.
SCRIPT = (
    "<script>if(location.search||location.hash)"
    'document.documentElement.classList.add("sent")</script>'
)
