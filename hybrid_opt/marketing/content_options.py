"""Levels and shared productions as the options of a choice.

Every factor of an audience is a group of which one level is chosen. A level that several audiences share and
that costs something is a group of two options, not made and made.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..planning.selection_items import ItemTable, read_items
from ..planning.vocabulary import Vocabulary
from .content_columns import ContentLevels
from .content_model import ContentModel, Production

__all__ = ["content_items", "productions_of"]


def productions_of(levels: ContentLevels) -> list[Production]:
    """What is produced once for several audiences and costs something.

    Args:
        levels: the levels.

    Returns:
        One production per such level, its options placed after all levels.
    """
    found: list[Production] = []
    keys = list(dict.fromkeys(zip(levels.factor, levels.level)))
    for key in keys:
        members = [i for i in np.flatnonzero(levels.shared) if (levels.factor[i], levels.level[i]) == key]
        if len(members) > 1 and levels.cost[members[0]] > 0:
            at = len(levels.factor) + 2 * len(found)
            cost = float(levels.cost[members[0]])
            label = f"{key[0]} = {key[1]}"
            found.append(Production(label, np.array(members, dtype=np.int64), cost, at, at + 1))
    return found


def content_items(model: ContentModel, words: Vocabulary) -> ItemTable:
    """All options as items of a selection, with a cap of one per group.

    Args:
        model: the levels and productions.
        words: what the task calls things.

    Returns:
        The items, levels first.

    Raises:
        TableError: two options have one name, or a cell of ``must`` is illegal.
    """
    levels = model.levels
    rows: list[dict[str, object]] = [
        {"option": label, "group": group, "current": bool(now), "must": must}
        for label, group, now, must in zip(levels.labels, levels.groups, levels.current, levels.must)
    ]
    places = list(levels.places)
    for item in model.productions:
        now = bool(levels.current[item.members].any())
        group = f"production of {item.label}"
        rows.append({"option": f"{item.label} not made", "group": group, "current": not now, "must": ""})
        rows.append({"option": f"{item.label} made", "group": group, "current": now, "must": ""})
        places += [levels.places[int(item.members[0])]] * 2
    frame = pd.DataFrame(rows)
    if not levels.has_today:
        frame = frame.drop(columns="current")
    # Row of the frame twice: places are not unique where a row serves several audiences.
    frame.index = pd.Index(places)
    items = read_items(frame, words)
    return items.with_caps(dict.fromkeys(frame["group"], 1.0))
