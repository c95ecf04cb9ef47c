"""The builder's command line, for `make`: ``PYTHONPATH=docs/hooks python -m sitebuild VERB``.

Exit codes: 0 done, 1 wrong result, 2 wrong use or content, 3 something is not installed, 130
interrupted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sitebuild.errors import ContentError, MissingTool

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str] | None = None) -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="python -m sitebuild", description="The site's builder.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("expand", help="write build/pages/, for any builder to render")
    compare = verbs.add_parser("compare", help="compare the pages of two builds")
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    notebooks = verbs.add_parser("notebooks", help="run the lessons and write what came out")
    notebooks.add_argument("names", nargs="*", metavar="LESSON")
    verbs.add_parser("print", help="print the timeline as PDF files")
    verbs.add_parser("pictures", help="draw the icons")
    verbs.add_parser("fonts", help="cut the two typefaces to what the site uses")
    offline = verbs.add_parser("offline", help="pack a built site into one zip")
    offline.add_argument("site", type=Path)
    offline.add_argument("zip", type=Path)
    zensical = verbs.add_parser("zensical", help="write settings for Zensical")
    zensical.add_argument("settings", type=Path)
    verbs.add_parser("help-pages", help="write the --help of every command into its page")
    asked = parser.parse_args(arguments)
    try:
        return _run(asked)
    except (ContentError, MissingTool) as error:
        print(error, file=sys.stderr)
        return 3 if isinstance(error, MissingTool) else 2
    except OSError as error:
        if _interrupted(error):
            return 130
        print(f"{error.filename or asked.verb}: {error.strerror or error}", file=sys.stderr)
        return 2
    except BaseException as error:
        if _interrupted(error):
            return 130
        raise


def _run(asked: argparse.Namespace) -> int:
    # Each verb imports its own libraries: nobody needs all of them.
    if asked.verb == "expand":
        from sitebuild.program import expand
        from sitebuild.settings import read_settings

        settings = read_settings(ROOT / "mkdocs.yml")
        expand(settings)
        print(f"{settings.pages} is written")
        return 0
    if asked.verb == "compare":
        from sitebuild.tools import compare

        return compare.main(asked.one, asked.other)
    if asked.verb == "notebooks":
        from sitebuild.tools import notebooks

        return notebooks.main(ROOT, asked.names)
    if asked.verb == "print":
        from sitebuild.tools import print_edition

        return print_edition.main(ROOT)
    if asked.verb == "pictures":
        from sitebuild.tools import pictures

        return pictures.main(ROOT)
    if asked.verb == "fonts":
        from sitebuild.tools import fonts

        return fonts.main(ROOT)
    if asked.verb == "zensical":
        from sitebuild.tools import zensical

        return zensical.main(ROOT, asked.settings)
    if asked.verb == "offline":
        from sitebuild.tools import offline

        return offline.main(asked.site, asked.zip)
    from sitebuild.tools import command_help

    return command_help.main(ROOT)


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error, also where a library failed over it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


if __name__ == "__main__":
    sys.exit(main())
