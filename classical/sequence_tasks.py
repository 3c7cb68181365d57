"""Rule-made sequence-to-sequence data: made from a seed, no source twice, characters as tokens.

Shapes: N pairs, T tokens of the longest source or target.
"""

from __future__ import annotations

import torch

from .data_hashing import content_hash
from .data_splits import SPLITS, seeded_generator, split_by_class
from .errors import DataError
from .example_dataset import ExampleDataset
from .losses import IGNORED_LABEL
from .sequence_rules import SEQUENCE_RULES, SequenceRule
from .task_data import TaskData
from .text_classification import padded_tokens
from .text_tokenizers import encode_texts, make_character_tokenizer

__all__ = ["draw_pairs", "sequence_task_data"]

# So many draws in a row that were seen before mean that the rule has hardly any other source.
_PATIENCE = 1000


def draw_pairs(rule: SequenceRule, count: int, *, seed: int = 0) -> list[tuple[str, str]]:
    """Draw sources that all differ, with their answers.

    Args:
        rule: the rule.
        count: number of pairs N.
        seed: seed of the draws. A larger count continues the same sequence.

    Returns:
        Pairs of source and target.

    Raises:
        DataError: the count is below 3 or no integer, or the rule has fewer sources, or a bad seed.

    Example:
        >>> draw_pairs(SEQUENCE_RULES["sort"], 3)[0]
        ('45297755', '24555779')
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < len(SPLITS):
        raise DataError(f"limit must be an integer of at least {len(SPLITS)} pairs, got {count!r}")
    generator = seeded_generator(seed, 6)
    sources: dict[str, None] = {}
    repeated = 0
    while len(sources) < count:
        source = rule.draw(generator)
        repeated = repeated + 1 if source in sources else 0
        if repeated > _PATIENCE:
            raise DataError(
                f"{rule.name} has hardly more than {len(sources)} sources; {count} were asked for"
            )
        sources[source] = None
    return [(source, rule.answer(source)) for source in sources]


def sequence_task_data(
    name: str, *, sequence_length: int | None = None, limit: int | None = None, seed: int = 0
) -> TaskData:
    """Data of a rule-made task.

    A source is its characters and the end token, padded; a target likewise, with label -100 where there is
    padding. The vocabulary is the alphabet of the rule, so no part meets an unknown character.

    Args:
        name: ``"reverse"``, ``"sort"``, ``"number_words"`` or ``"decompose"``.
        sequence_length: T; None takes the longest source or target with its end token.
        limit: number of pairs, 4,000 if None.
        seed: seed of the pairs and of the split.

    Returns:
        The data, task ``"seq2seq"``, with ``input_ids``, ``attention_mask`` and ``labels`` of shape (T,).
        ``texts`` holds the sources.

    Raises:
        DataError: unknown task, or a sequence_length too small for the longest text.

    Example:
        >>> data = sequence_task_data("reverse", limit=30)
        >>> example = data.test[0]
        >>> data.tokenizer.decode(example["labels"][example["labels"] >= 0])
        'oosszfnk<eos>'
    """
    if name not in SEQUENCE_RULES:
        raise DataError(f"unknown sequence task {name!r}; legal are {', '.join(SEQUENCE_RULES)}")
    rule = SEQUENCE_RULES[name]
    pairs = draw_pairs(rule, 4000 if limit is None else limit, seed=seed)
    split = split_by_class([0] * len(pairs), seed=seed)
    tokenizer = make_character_tokenizer([rule.source_characters, rule.target_characters])
    sources = [
        [*tokens, tokenizer.eos_token_id] for tokens in encode_texts(tokenizer, [pair[0] for pair in pairs])
    ]
    targets = [
        [*tokens, tokenizer.eos_token_id] for tokens in encode_texts(tokenizer, [pair[1] for pair in pairs])
    ]
    longest = max(map(len, sources + targets))
    length = longest if sequence_length is None else sequence_length
    if isinstance(length, bool) or not isinstance(length, int) or length < longest:
        raise DataError(
            f"sequence_length must be an integer of at least {longest}, the longest text of {name} with its "
            f"end token, got {length!r}"
        )
    columns = padded_tokens(sources, length, tokenizer.pad_token_id)
    labels = padded_tokens(targets, length, IGNORED_LABEL)["input_ids"]
    columns["labels"] = labels
    parts = {
        part: ExampleDataset({key: column[torch.from_numpy(split[part])] for key, column in columns.items()})
        for part in SPLITS
    }
    return TaskData(
        name=name,
        task="seq2seq",
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        sequence_length=length,
        hash=content_hash(length, pairs, split),
        tokenizer=tokenizer,
        vocab_size=len(tokenizer),
        texts={part: [pairs[number][0] for number in split[part]] for part in SPLITS},
        notes=(f"synthetic: {rule.notes}", "no source occurs twice, so none is in two parts"),
    )
