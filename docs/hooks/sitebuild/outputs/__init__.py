"""What programs read of the site, and what people take away from it: made from the data.

| module | what it holds |
|---|---|
| `data_files`, `timeline_files` | tables as JSON and CSV; the timeline in four formats |
| `data_package`, `croissant` | the facts as one zip; the same as machine learning reads it |
| `lists` | `llms.txt`, `robots.txt`, the feed of corrections, how to cite |
| `linked_data` | JSON-LD |
| `policy` | which scripts may run in a page |
| `redirects` | addresses that moved |
| `from_file` | the offline edition opened without a server |
| `social` | a page's picture for link previews |
| `zips` | zips that are the same bytes whenever their content is |
"""
