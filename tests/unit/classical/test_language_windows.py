"""Windows cover a stream, each token is predicted once, and masks depend on seed, epoch and window alone."""

import pytest
import torch

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.language_windows import (
    CausalWindows,
    MaskedWindows,
    join_documents,
    window_starts,
)
from hybrid_opt.classical.losses import IGNORED_LABEL


@pytest.mark.parametrize("count", range(4, 40))
def test_each_token_but_the_first_is_predicted_exactly_once(count):
    tokens = torch.arange(100, 100 + count)
    predicted = []
    for window in CausalWindows(tokens, 4):
        shifted = window["labels"][1:]  # what a model compares position t with
        predicted += shifted[shifted != IGNORED_LABEL].tolist()
        kept = window["labels"] != IGNORED_LABEL
        assert torch.equal(window["labels"][kept], window["input_ids"][kept])
    assert predicted == tokens[1:].tolist()


@pytest.mark.parametrize("count", range(4, 40))
def test_masked_windows_cover_each_token_once(count):
    free = [
        position + start for start, covered in window_starts(count, 4, 0) for position in range(covered, 4)
    ]
    assert free == list(range(count))


def test_labels_do_not_share_memory_with_the_stream():
    windows = CausalWindows(torch.arange(9), 4)
    windows[0]["input_ids"][0] = 77
    assert windows[0]["labels"][0] == windows[0]["input_ids"][0] == 0


def masked(seed=0, **changes):
    tokens = torch.arange(1000) % 45 + 5
    tokens[::50] = 2  # ends of documents
    return MaskedWindows(tokens, 100, mask_token=4, vocab_size=50, seed=seed, **changes)


def test_masks_have_the_promised_share_and_spare_special_tokens():
    windows = masked()
    for index in range(len(windows)):
        example = windows[index]
        chosen = example["labels"] != IGNORED_LABEL
        original = windows.tokens[100 * index : 100 * (index + 1)]
        assert int(chosen.sum()) == round(0.15 * 98)
        assert torch.equal(example["labels"][chosen], original[chosen])
        assert torch.equal(example["input_ids"][~chosen], original[~chosen])
        assert not bool((original[chosen] == 2).any())


def test_eight_of_ten_are_masked_one_replaced_one_kept():
    windows = masked(share=1.0)
    fates = torch.zeros(3)
    for epoch in range(5):
        windows.set_epoch(epoch)
        for index in range(len(windows)):
            example = windows[index]
            chosen = example["labels"] != IGNORED_LABEL
            tokens, labels = example["input_ids"][chosen], example["labels"][chosen]
            assert int(tokens.min()) >= 4
            assert int(tokens.max()) < 50
            fates += torch.stack([(tokens == 4).sum(), (tokens == labels).sum(), torch.tensor(len(tokens))])
    assert fates[0] / fates[2] == pytest.approx(0.8, abs=0.02)
    assert fates[1] / fates[2] == pytest.approx(0.1 + 0.1 / 45, abs=0.015)


def test_masks_depend_on_seed_epoch_and_window_only():
    one, two = masked(), masked()
    two.set_epoch(3)
    later = two[4]["labels"].tolist()
    one.set_epoch(1)
    _ = one[0], one[4]
    one.set_epoch(3)
    assert one[4]["labels"].tolist() == later  # as in a run that never saw the epochs before
    assert masked()[4]["labels"].tolist() != later
    assert masked(seed=1)[4]["labels"].tolist() != masked(seed=0)[4]["labels"].tolist()
    assert not torch.equal(masked()[4]["labels"] == IGNORED_LABEL, masked()[5]["labels"] == IGNORED_LABEL)


def test_the_last_window_predicts_something_new_only():
    windows = MaskedWindows(torch.arange(5, 27), 20, mask_token=4, vocab_size=27, share=1.0)
    labels = windows[1]["labels"]
    assert (labels != IGNORED_LABEL).nonzero().flatten().tolist() == [18, 19]


def test_documents_are_joined_with_the_end_token():
    assert join_documents([[5], [6, 7]], 2, leading=True).tolist() == [2, 5, 2, 6, 7, 2]
    assert join_documents([[5], [6, 7]], 2, leading=False).tolist() == [5, 2, 6, 7]
    assert join_documents([[5]], 2, leading=True).dtype == torch.long


@pytest.mark.parametrize("length", [1, 0, 2.0, True])
def test_bad_lengths(length):
    with pytest.raises(DataError, match="at least 2 tokens"):
        CausalWindows(torch.arange(10), length)


def test_too_little_text_says_how_much_there_is_and_is_needed():
    with pytest.raises(DataError, match=r"has 10 tokens, and one window needs 11.*at most 10"):
        CausalWindows(torch.arange(10), 11)
    with pytest.raises(DataError, match="has 10 tokens"):
        MaskedWindows(torch.arange(10), 11, mask_token=4, vocab_size=50)


def test_bad_masks():
    for share in (0, -0.1, 1.5):
        with pytest.raises(DataError, match="share of masked tokens"):
            masked(share=share)
    with pytest.raises(DataError, match="seed"):
        masked(seed=-1)
