"""For classes: lesson plans, worksheets, quizzes, the reading list, the press page."""

from sitebuild.teach.context import context

__all__ = ["context"]
