"""Certificates as text and as JSON."""

from __future__ import annotations

import json
import math

import pytest

from hybrid_opt.qubo import Certificate, PenaltyProof

PROOF = PenaltyProof("removal", 8.0, 8.5, ("every row grows",), "square with slack 0..7 in 3 bits")


def certificate() -> Certificate:
    return Certificate(
        {"budget": PROOF},
        {("x", 1): PenaltyProof("sorting", 2.0, 1.0)},
        {"loose": "it always holds"},
        False,
        None,
        "a note",
    )


def test_everything_becomes_plain_json():
    plain = json.loads(json.dumps(certificate().to_dict()))
    assert plain == {
        "constraints": {
            "budget": {
                "rule": "removal",
                "bound": 8.0,
                "weight": 8.5,
                "preconditions": ["every row grows"],
                "form": "square with slack 0..7 in 3 bits",
            }
        },
        "validity": {
            "('x', 1)": {"rule": "sorting", "bound": 2.0, "weight": 1.0, "preconditions": [], "form": ""}
        },
        "dropped": {"loose": "it always holds"},
        "proven": False,
        "confirmed": None,
        "note": "a note",
    }


def test_text_says_which_weights_beat_their_bounds():
    lines = str(certificate()).splitlines()
    assert all(part in lines[0] for part in ("constraint 'budget'", "8.5 > 8 ", "'removal'"))
    assert lines[1].strip() == "every row grows"
    assert all(part in lines[2] for part in ("('x', 1)", "1 <= 2 ", "'sorting'"))
    assert lines[3] == "constraint 'loose' dropped: it always holds"
    assert lines[4] == "a note"


def test_a_row_left_out_is_told_apart():
    left_out = PenaltyProof("left out", math.inf, 0.0, (), "no penalty, no slack")
    certificate = Certificate({"layer": left_out}, {}, {}, False, None, "a note")
    text = "constraint 'layer' left out: no penalty, no slack; not certified\na note"
    assert str(certificate) == text
    plain = json.loads(json.dumps(certificate.to_dict(), allow_nan=False))
    assert plain["constraints"]["layer"]["bound"] is None
    assert plain["constraints"]["layer"]["weight"] == 0.0


def test_certificates_cannot_be_edited():
    with pytest.raises(AttributeError):
        certificate().proven = True  # type: ignore[misc]
    with pytest.raises(AttributeError):
        PROOF.weight = 0.0  # type: ignore[misc]
