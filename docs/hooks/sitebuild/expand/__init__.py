"""From a page's source to plain Markdown: notes, terms, templates."""
