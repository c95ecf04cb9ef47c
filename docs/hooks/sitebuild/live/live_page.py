"""The live page's body before any script runs: the samples with their recorded answers, and the
controls that the script fills and shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sitebuild.live.samples import Samples

LAYERS = {
    "filters": "The first filters",
    "conv1": "Convolution 1",
    "conv2": "Convolution 2",
    "conv3": "Convolution 3",
    "conv4": "Convolution 4",
    "conv5": "Convolution 5",
}
SLIDERS = {
    "bright": "Brightness",
    "noise": "Noise",
    "blur": "Blur",
    "jpeg": "JPEG quality",
    "closer": "Part kept",
}


CARD_THEN, CARD_NOW = "gtx580", "h200"  # of gpus.yml: the card of 2012, and one of today


def body(
    samples: Samples,
    gpus: Mapping[str, Any],
    share: str,
    results: Sequence[Mapping[str, Any]],
    to_root: str,
) -> str:
    """All sections of the page.

    Args:
        samples: the photographs and what the runner said of them.
        gpus: the makers' figures, as `gpus.yml` holds them.
        share: of its peak that the card of 2012 reached in the training, in percent.
        results: our own measurements, as `benchmarks.load_results` gives them.
        to_root: the relative path from the page to the site's root, ending in ``/`` or empty.
    """
    return f"""<div class="live" id="live" data-root="{to_root}">
<noscript><p class="live-note">The network runs in a script, and scripts are off here. The recorded
answers below need none.</p></noscript>
{_MODEL}
{_input(samples, to_root)}
{_answer()}
{_inside()}
{_shift(gpus, share, results)}</div>
<div id="live-curtain" hidden><p class="live-curtain-title">What does AlexNet see?</p>
<div id="live-curtain-picture"></div>
<button type="button" id="live-curtain-go">Touch to try it</button></div>
<script type="module" src="{to_root}assets/js/live/main.js"></script>"""


_MODEL = """<section class="live-model" aria-labelledby="live-model-h">
<h2 id="live-model-h">1. Load the network</h2>
<p id="live-about">Nothing is loaded before you ask. Your picture never leaves this machine.</p>
<p class="live-row"><label id="live-which-label" hidden>Network <select id="live-which"></select>
</label><label id="live-engine-label" hidden>Runs on <select id="live-engine">
<option value="wasm">the processor</option></select></label>
<button type="button" id="live-load" hidden>Load</button>
<button type="button" id="live-cancel" hidden>Cancel</button></p>
<p class="live-row" id="live-progress" hidden><progress aria-label="Network loaded"></progress>
<span class="live-small" aria-hidden="true"></span></p>
</section>
<p id="live-status" role="status" aria-live="polite"></p>
<p id="live-proof" class="live-small"></p>"""


def _input(samples: Samples, to_root: str) -> str:
    pictures = "".join(
        f'<li><button type="button" data-sample="{to_root}{s.uri}" data-name="{s.path.stem}">'
        f'<img src="{to_root}{s.uri}" alt="{escape(s.shows, quote=True)}" width="{s.width}" '
        f'height="{s.height}" loading="lazy" decoding="async"></button>'
        f'<span class="live-said">Recorded: <b>{escape(s.guesses[0].label)}</b> '
        f"{s.guesses[0].probability:.0%}</span></li>"
        for s in samples.rows
        if s.guesses
    )
    return f"""<section class="live-input" aria-labelledby="live-input-h">
<h2 id="live-input-h">2. Choose a picture</h2>
<ul class="live-samples">{pictures}</ul>
<div class="live-own" id="live-drop">
<p class="live-row"><label for="live-file">Or your own: choose a file, drop it here, or paste it
</label><input type="file" id="live-file" accept="image/*">
<button type="button" id="live-camera" hidden>Use the camera</button></p>
<div id="live-camera-box" hidden><video id="live-camera-view" muted playsinline
aria-label="What the camera sees"></video>
<p class="live-row"><button type="button" id="live-shoot">Take the picture</button>
<button type="button" id="live-camera-close">Close the camera</button></p></div>
<details><summary>Draw something</summary>
<p>It has learned from photographs alone, so drawings are hard for it.</p>
<canvas id="live-pad" width="320" height="320" role="img" aria-label="A pad to draw on"></canvas>
<p class="live-row"><label>Colour <input type="color" id="live-ink" value="#c08000"></label>
<label>Pen <input type="range" id="live-pen" min="4" max="64" value="16"></label>
<button type="button" id="live-pad-take">Name my drawing</button>
<button type="button" id="live-pad-clear">Clear</button></p></details></div>
</section>"""


def _answer() -> str:
    sliders = "".join(
        f'<label><span>{words} <b aria-hidden="true"></b></span>'
        f'<input type="range" id="live-{name}"></label>'
        for name, words in SLIDERS.items()
    )
    return f"""<section class="live-answer" id="live-answer" aria-labelledby="live-answer-h" hidden>
<h2 id="live-answer-h">3. Its five best guesses</h2>
<div class="live-pair"><figure id="live-seen-box"><canvas id="live-seen" width="64" height="64"
role="img" aria-label="The picture as the network sees it"></canvas>
<figcaption id="live-seen-words"></figcaption></figure>
<div><div id="live-quiz-box" hidden></div><ol id="live-top"></ol>
<p id="live-before" class="live-small"></p><p id="live-by" class="live-small"></p>
<p id="live-times" class="live-small"></p></div></div>
<p id="live-outside" hidden></p>
<div id="live-changes"><h3>Change the picture, and watch the answer</h3>
<p class="live-row"><label><input type="checkbox" id="live-flip"> Mirror</label>
<label><input type="checkbox" id="live-grey"> Grey</label>
<label><input type="checkbox" id="live-hide"> Hide a part</label>
<span id="live-places" class="live-row" hidden>
<label>across <input type="range" id="live-hide-x" min="0" max="15"></label>
<label>down <input type="range" id="live-hide-y" min="0" max="15"></label></span></p>
<p class="live-sliders">{sliders}</p>
<p class="live-row"><label id="live-silent-label" hidden>Switch off <select id="live-silent">
<option value="0">neither tower</option><option value="1">tower 1</option>
<option value="2">tower 2</option></select></label>
<button type="button" id="live-reset">Undo all changes</button>
<button type="button" id="live-occlude">Show which parts matter</button>
<button type="button" id="live-stop" hidden>Stop</button>
</p>
<figure id="live-map" hidden><canvas width="64" height="64" role="img"
aria-label="How much each part of the picture matters"></canvas>
<figcaption>A grey patch was slid over the picture. The darker a place, the more the first guess
lost when that place was hidden.</figcaption></figure></div>
<p class="live-row"><label><input type="checkbox" id="live-quiz"> Quiz: I guess first</label></p>
</section>"""


def _inside() -> str:
    layers = "".join(f'<option value="{name}">{words}</option>' for name, words in LAYERS.items())
    return f"""<section id="live-inside" aria-labelledby="live-inside-h" hidden>
<h2 id="live-inside-h">4. Look inside</h2>
<p>Each filter draws a map of the picture: bright where it found what it looks for. Press a map to
enlarge it.</p>
<p class="live-row"><label>Show <select id="live-layer"><option value="">nothing</option>{layers}
</select></label><button type="button" id="live-keep" hidden>Keep, and compare with another
picture</button></p>
<div class="live-inside-pair"><div id="live-maps"></div>
<div id="live-large" hidden><div class="live-row">
<div class="live-big" role="img"></div><div class="live-big" role="img" hidden></div></div>
<p id="live-large-words" class="live-small" tabindex="-1"></p>
<p id="live-differ" class="live-row"></p></div></div>
</section>"""


def _shift(gpus: Mapping[str, Any], share: str, results: Sequence[Mapping[str, Any]]) -> str:
    shares = {CARD_THEN: f' data-share="{share}"', CARD_NOW: ""}
    known = [
        f'<li data-name="{escape(row["name"])} ({row["released"][:4]})" '
        f'data-peak="{row["fp32"]}"{shares[row["id"]]}>'
        for row in gpus["rows"]
        if row["id"] in shares
    ]
    for result in results:
        one = result["contestant"]
        rates = [cell["images_s"] for cell in one["results"] if "images_s" in cell]
        gpu = result["machine"]["kind"] == "gpu"
        if gpu and rates and (one["engine"], one["precision"]) == ("onnxruntime", "fp32"):
            name, network = escape(result["machine"]["device"]), escape(result["run"]["network"])
            known.append(
                f'<li data-name="{name}" data-rate="{max(rates)}" data-network="{network}">'
            )
    return f"""<section id="live-shift" aria-labelledby="live-shift-h" hidden>
<h2 id="live-shift-h">5. The GPU shift, on your machine</h2>
<p>The same network, on one thread of your processor, on several, and on your graphics card. The
timing takes up to a minute.</p>
<ul id="live-shift-known" hidden>{"".join(known)}</ul>
<p class="live-row"><button type="button" id="live-shift-go">Time this machine</button>
<button type="button" id="live-shift-stop" hidden>Stop</button></p>
<div id="live-shift-table" hidden><div class="live-scroll" role="region" tabindex="0"
aria-label="Timings"><table><thead><tr><th scope="col">On what</th>
<th scope="col">One picture: median and range</th><th scope="col">Pictures a second, in batches</th>
<th scope="col">Beside one thread</th><th scope="col">How we know</th></tr></thead>
<tbody id="live-shift-rows"></tbody></table></div>
<p class="live-small">A browser reaches only a part of what a graphics card can do. We
found no published time for the card of 2012, so its figure is an estimate: its maker's peak, times
the share of it that the training of 2012 reached, over the operations of one picture. For a card of
today the whole peak is taken, which no program reaches.</p></div>
<div id="live-card-box" hidden><canvas id="live-card" width="1200" height="630" role="img"
aria-label="A card with the timings"></canvas>
<p class="live-row"><button type="button" id="live-card-save">Save the card as a picture</button>
</p></div>
</section>"""
