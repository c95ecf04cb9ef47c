"""For classes: lesson plans, worksheets and quizzes (`pieces`), and notebooks as pages."""

from sitebuild.teach.context import context

__all__ = ["context"]
