"""Outputs behave as those of transformers: attributes, indices, no empty entries in tuples."""

from __future__ import annotations

import torch

from hybrid_opt.classical.model_outputs import (
    DistanceClassifierOutput,
    DistanceLanguageOutput,
    DistanceModelOutput,
    DistanceSeq2SeqOutput,
)


def test_empty_entries_are_left_out_of_tuples():
    logits = torch.zeros(1, 2)
    for cls in (DistanceLanguageOutput, DistanceClassifierOutput, DistanceSeq2SeqOutput):
        output = cls(logits=logits)
        assert output[0] is logits
        assert list(output) == ["logits"]
        assert (output.loss, output.aux_loss) == (None, None)
    assert list(DistanceModelOutput(last_hidden_state=logits)) == ["last_hidden_state"]
