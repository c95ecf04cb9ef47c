"""The page "Grow one": its working part, which a script fills."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from sitebuild.data.site import Site
from sitebuild.data.tables import class_names
from sitebuild.network.atlas import CLASSES, Atlas, slug

CARD = "assets/models/alexnet64.json"
STEPS = 96  # of a picture
LAYERS = {"conv1": 96, "conv2": 256, "conv3": 384, "conv4": 384, "conv5": 256, "fc6": 1024,
          "fc7": 1024}  # fmt: skip
PLAIN = (
    "The picture grows in a script on the page for people. The atlas of portraits shows pictures "
    "that were grown in the same way."
)
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def body(site: Site, atlas: Atlas) -> str:
    """The page's working part.

    Args:
        site: its sources, for the names.
        atlas: as the page sees it, for a portrait to begin with.
    """
    names = class_names(site.docs)
    order = sorted(range(len(names)), key=lambda k: names[k].casefold())
    return _TEMPLATES.get_template("grow.html").render(
        names=[(names[k], k, slug(names[k])) for k in order],
        layers=LAYERS,
        tile=atlas.tile(CLASSES, names.index("goldfish")),
        steps=STEPS,
        card=CARD,
        to_root=atlas.to_root,
    )
