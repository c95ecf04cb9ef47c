"""Deep links: the script that runs before the first paint where an address names a view.

What an explorer's script will change stays hidden until it has, so that nothing moves under a
reader's eyes; if the script never loads, the style sheet shows it after some seconds. Without
scripts nothing is hidden. See `.awaits` in `base.css`.
"""

from __future__ import annotations

# Precedes an element of the class `awaits`; the explorer's own script removes the class `sent`.
SCRIPT = (
    "<script>if(location.search||location.hash)"
    'document.documentElement.classList.add("sent")</script>'
)
