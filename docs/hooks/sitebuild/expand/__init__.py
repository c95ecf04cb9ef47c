"""From a page's source to plain Markdown.

| module | what it holds |
|---|---|
| `page` | a page while it is expanded: its blocks, notes, links |
| `notes`, `page_end` | footnotes with their grade; how to cite a page, its corrections |
| `lessons` | a notebook as Markdown |
| `markdown_export` | a page's Markdown for programs |
| `raw_blocks`, `terms` | Markdown extensions: blocks of HTML, explanations of terms |
| `typography` | quotation marks in blocks of HTML |
| `folder` | the folder that is written |
"""
