"""An attention report as one page: pictures inside it, no network, no scripts."""

from __future__ import annotations

import base64
import io
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .attention_charts import draw_heads, draw_map, draw_similarity, layer_labels
from .attention_maps import recomputed_map
from .errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .attention_findings import AttentionReport

__all__ = ["write_page", "write_whole"]

_MOST_MAPS = 12

_COLUMNS = {
    "metric": ("metric", ""),
    "p": ("p", "exponent of lp"),
    "lambda": ("lambda", "as it stands"),
    "lambda_start": ("at start", "lambda before training"),
    "gate": ("gate", "factor on the head's output"),
    "entropy": ("entropy", "1 even, 0 one key"),
    "sparsity": ("sparsity", "0 even, 1 one key"),
    "keys_95": ("95 % in", "share of keys that holds 95 %"),
    "range": ("range", "tokens between query and key"),
    "uniform_range": ("if even", "range of even weights"),
    "sink": ("first token", "weight on it"),
    "mean_distance": ("distance", "mean of visible pairs"),
    "std_distance": ("± std", ""),
    "min_distance": ("least", ""),
    "max_distance": ("most", ""),
}

_TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src
data:"> <title>{{ title }}</title>
<style>
  * { box-sizing: border-box; }
  body { margin: 0; background: #f5f7fa; color: #1f2933; font: 16px/1.5 'Helvetica Neue', Helvetica, Arial,
    'Liberation Sans', 'DejaVu Sans', sans-serif; }
  main { max-width: 1180px; margin: 0 auto; padding: 36px 28px; background: #fff; min-height: 100vh; }
  h1 { margin: 0; font-size: 1.9rem; }
  h2 { margin: 42px 0 10px; padding-top: 16px; border-top: 1px solid #e4e7eb; font-size: 1.3rem; }
  p { max-width: 48rem; margin: 0 0 12px; }
  .muted, figcaption, caption { color: #52606d; font-size: 0.92rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
  caption { text-align: left; padding-bottom: 6px; }
  th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid #e4e7eb; text-align: right; white-space: nowrap;
  } thead th { border-bottom: 2px solid #9aa5b1; vertical-align: bottom; }
  th small { display: block; color: #52606d; font-weight: 400; white-space: normal; min-width: 4.4rem; }
  .left { text-align: left; }
  .first td, .first th { border-top: 2px solid #9aa5b1; }
  tbody th { font-weight: 700; }
  figure { margin: 16px 0 26px; }
  figure img { max-width: 100%; height: auto; display: block; }
  .maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 18px; }
  .maps figure { margin: 0; }
  code { background: #f0f5fa; padding: 0 4px; border-radius: 3px; }
  @media print { body { background: none; } main { max-width: none; padding: 0; } figure { break-inside:
  avoid; } }
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p class="muted">{{ facts }}</p>

<h2>Heads at a glance</h2>
<figure>
<img src="{{ heads }}" alt="Heat maps of entropy, sparsity, range, first-token weight, lambda and spread of
 distances, layers by heads; the numbers are in the table below.">
<figcaption>Rows are layers in the order in which they ran{% if crossing %}; ⇢ marks attention to another
sequence, which has no range{% endif %}. Gray: not defined. Means are over {{ rows }} query rows{% if sampled
%} of a layer at most{% endif %}, padding left out.</figcaption>
</figure>

<h2>Which heads do the same</h2>
<figure>
<img src="{{ similarity }}" alt="Similarity of the outputs of all pairs of heads, one matrix per layer.">
<figcaption>Linear centered kernel alignment of head outputs: 1 where they differ by a rotation, a scale or an
offset only. Heads of width {{ width }} with nothing in common come to about {{ chance }} at
this number of rows.</figcaption>
</figure>

{% if maps %}
<h2>The sharpest head of each layer</h2>
<p>Weights on the first sequence, of the head with the lowest entropy. Gray: keys that a query cannot see.</p>
<div class="maps">
{% for map in maps %}
<figure><img src="{{ map.source }}" alt="Attention map, {{ map.title }}"></figure>
{% endfor %}
</div>
{% if left_out %}<p class="muted">{{ left_out }} more layers are left out here.</p>{% endif %}
{% endif %}

<h2>Most-attended positions</h2>
<p>Mean weight over the queries that can see a position, in brackets the multiple of even weights. The first
token is in the table of all numbers; positions that few queries see are left out.</p>
<div class="scroll">
<table>
<thead><tr><th class="left">layer</th><th>head</th>{% for rank in ranks %}<th class="left">{{ rank }}.</th>
{% endfor %}</tr></thead>
<tbody>
{% for row in attended %}
<tr{% if row.first %} class="first"{% endif %}><th class="left">{{ row.layer }}</th><td>{{ row.head }}</td>
{% for cell in row.cells %}<td class="left">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>

<h2>All numbers</h2>
<div class="scroll">
<table>
<thead><tr><th class="left">layer</th><th>head</th>
{% for name, note in columns %}<th>{{ name }}{% if note %}<small>{{ note }}</small>{% endif %}</th>{% endfor
%} </tr></thead>
<tbody>
{% for row in numbers %}
<tr{% if row.first %} class="first"{% endif %}><th class="left">{{ row.layer }}</th><td>{{ row.head }}</td>
{% for cell in row.cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
</main>
</body>
</html>
"""


def write_page(report: AttentionReport, path: Path, title: str) -> Path:
    """Write the page.

    Args:
        report: what to show.
        path: of the page; a file that is there is replaced, once the page is complete.
        title: heading.

    Returns:
        The path.

    Raises:
        ConfigurationError: the folder is not there.
    """
    _check_folder(path)
    from jinja2 import Environment

    labels = layer_labels(report)
    rows = max(layer.statistics.rows for layer in report.layers)
    width = report.head_width
    maps, left_out = _maps(report, labels)
    attended, ranks = _attended(report, labels)
    sequences = f"{report.sequences} sequence{'s' if report.sequences != 1 else ''}"
    page = (
        Environment(autoescape=True)
        .from_string(_TEMPLATE)
        .render(
            title=title,
            facts=f"{report.model}: {len(report.layers)} attention layers on {sequences}",
            heads=_inside(draw_heads(report)),
            similarity=_inside(draw_similarity(report)),
            crossing=any(layer.across for layer in report.layers),
            rows=f"{rows:,}",
            sampled=len({layer.statistics.rows for layer in report.layers}) > 1,
            width=width,
            chance=f"{width / (rows + width):.2f}",
            maps=maps,
            left_out=left_out,
            ranks=ranks,
            attended=attended,
            columns=list(_shown_columns(report).values()),
            numbers=_numbers(report, labels),
        )
    )
    return write_whole(path, page)


def write_whole(path: Path, text: str) -> Path:
    """Write a file at once: it is there complete, or as it was before.

    Args:
        path: of the file.
        text: its contents.

    Returns:
        The path.

    Raises:
        ConfigurationError: the folder is not there, or the path is a folder.
    """
    _check_folder(path)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)  # mkstemp lets nobody else read
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise ConfigurationError(f"there is no folder {path.parent}; make it first, or give another path")
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder; give the path of a file in it")


def _inside(figure: Figure) -> str:
    """A picture as the text of its own address."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _maps(report: AttentionReport, labels: list[str]) -> tuple[list[dict[str, str]], int]:
    """One map per layer, and how many layers have none for want of room."""
    layers = [pair for pair in zip(report.layers, labels) if pair[0].map_inputs is not None]
    maps = []
    for layer, label in layers[:_MOST_MAPS]:
        entropy = layer.statistics.entropy
        head = int(np.nanargmin(entropy)) if not np.isnan(entropy).all() else 0
        weights, visible = recomputed_map(layer, head)
        title = f"{label}, head {head}: {layer.metrics[head]}"
        figure = draw_map(
            weights, title, visible=visible, across=layer.across, tokens=report.tokens, size=(4.7, 3.9)
        )
        maps.append({"source": _inside(figure), "title": title})
    return maps, len(layers) - len(maps)


def _attended(report: AttentionReport, labels: list[str]) -> tuple[list[dict[str, Any]], list[int]]:
    """Rows of the table of positions, and the ranks there are."""
    table = report.most_attended()
    rows: list[dict[str, Any]] = []
    for place, part in table.groupby(["layer", "head"], sort=False):
        layer, head = (int(str(number)) for number in place)
        cells = []
        for entry in part.to_dict("records"):
            token = f" “{entry['token']}”" if entry.get("token") else ""
            cells.append(f"{entry['position']}{token}: {entry['weight']:.3f} ({entry['times_uniform']:.1f}×)")
        rows.append(
            {"layer": labels[layer] if head == 0 else "", "first": head == 0, "head": head, "cells": cells}
        )
    longest = max((len(row["cells"]) for row in rows), default=0)
    for row in rows:
        row["cells"] += [""] * (longest - len(row["cells"]))
    return rows, list(range(1, longest + 1))


def _shown_columns(report: AttentionReport) -> dict[str, tuple[str, str]]:
    """The columns that say something: no exponent where no head has one, no gates where all are 1."""
    table = report.table()
    silent = {"p"} if table["p"].isna().all() else set()
    silent |= {"gate"} if (table["gate"] == 1).all() else set()
    return {name: shown for name, shown in _COLUMNS.items() if name not in silent}


def _numbers(report: AttentionReport, labels: list[str]) -> list[dict[str, Any]]:
    """Rows of the table of all numbers."""
    columns = _shown_columns(report)
    return [
        {
            "layer": labels[row["layer"]] if row["head"] == 0 else "",
            "first": row["head"] == 0,
            "head": row["head"],
            "cells": [_cell(row[name]) for name in columns],
        }
        for row in report.table().to_dict("records")
    ]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "–"
    return f"{value:#.3g}".rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
