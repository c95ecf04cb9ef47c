"""What programs read of the site, and what people take away from it.

| module | what it holds |
|---|---|
| `twins` | a Markdown twin of every page |
| `lists` | `llms.txt`, `robots.txt`, the feed of corrections |
| `linked_data` | JSON-LD |
| `publish` | data and figures as files, and the list of corrections |
| `policy` | which scripts may run in a page |
| `redirects` | addresses that moved |
| `social` | the preview picture and the icons |
"""
