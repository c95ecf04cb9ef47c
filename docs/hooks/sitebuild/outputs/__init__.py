"""What programs read of the site, and what people take away from it: made from the data.

| module | what it holds |
|---|---|
| `data_files`, `timeline_files` | tables as JSON and CSV; the timeline in four formats |
| `lists` | `llms.txt`, `robots.txt`, the feed of corrections |
| `linked_data` | JSON-LD |
| `policy` | which scripts may run in a page |
| `redirects` | addresses that moved |
| `social` | the preview picture and the icons |
"""
