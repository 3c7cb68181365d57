from inspect import signature

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.marketing.posting_inputs import check_inputs

PLAIN = {name: one.default for name, one in signature(PostingPlanner).parameters.items()} | {"slots": "s.csv"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"choose": 2, "at_most": True, "fatigue": 0.3, "fatigue_hours": 48},
        {"posts": "p.csv", "capacity": 2, "topic_gap": 3, "topic_per_day": 1, "multipliers": "m.csv"},
        {"slots": None, "history": "h.csv", "block_hours": 4, "timezone": "UTC", "fatigue": "f.csv"},
    ],
)
def test_options_that_go_together(options):
    check_inputs({**PLAIN, **options})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"capacity": 2}, r"capacity says .* or leave capacity out \(it is 2\)"),
        ({"timezone": "UTC"}, "timezone says how past posts are read; give history instead of slots"),
        ({"fatigue": "f.csv", "fatigue_hours": 9}, "fatigue_hours is where a single share of fatigue ends"),
        ({"at_most": True}, "give choose too"),
        ({"slots": None}, "exactly one of them"),
    ],
)
def test_options_in_vain(options, words):
    with pytest.raises(OptionError, match=words):
        check_inputs({**PLAIN, **options})
