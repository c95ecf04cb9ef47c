"""For classes: lesson plans, worksheets and quizzes (`pieces`), and notebooks as pages."""
