"""The site's name and edition, as pages and programs cite it."""

from importlib.metadata import version

SITE = "The AlexNet Moment"
EDITION = version("alexnet-moment")
