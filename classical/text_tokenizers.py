"""Tokenizers trained on the spot: byte-level byte-pair encoding and single characters.

Both are ordinary ``transformers`` tokenizers with the tokens ``<pad> <bos> <eos> <unk> <mask>`` at numbers 0
to 4. They add no token by themselves. Byte-pair encoding (Sennrich et al., ACL 2016, arXiv 1508.07909) over
bytes (Radford et al., 2019) has no unknown text: what it encodes decodes to itself. The character tokenizer
knows the characters it was built from and maps any other to ``<unk>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .errors import DataError
from .optional_libraries import load_library

__all__ = [
    "SPECIAL_TOKENS",
    "check_vocabulary_size",
    "encode_texts",
    "make_character_tokenizer",
    "train_bpe_tokenizer",
]

SPECIAL_TOKENS = {"pad": "<pad>", "bos": "<bos>", "eos": "<eos>", "unk": "<unk>", "mask": "<mask>"}
# 256 bytes and the special tokens: with fewer entries some text could not be written.
_SMALLEST = 256 + len(SPECIAL_TOKENS)


def check_vocabulary_size(vocab_size: int) -> int:
    """Check a vocabulary size for byte-pair encoding.

    Args:
        vocab_size: wanted number of tokens.

    Returns:
        The size.

    Raises:
        DataError: it is no integer of at least 261 (256 bytes and 5 special tokens).

    Example:
        >>> check_vocabulary_size(300)
        300
    """
    if isinstance(vocab_size, bool) or not isinstance(vocab_size, int) or vocab_size < _SMALLEST:
        raise DataError(
            f"vocab_size must be an integer of at least {_SMALLEST} (256 bytes and {len(SPECIAL_TOKENS)} "
            f"special tokens), got {vocab_size!r}"
        )
    return vocab_size


def train_bpe_tokenizer(texts: Iterable[str], vocab_size: int = 2048) -> Any:
    """Train byte-level byte-pair encoding.

    Args:
        texts: the texts to learn from: those of the training part only.
        vocab_size: wanted number of tokens, at least 261. Short texts may yield fewer.

    Returns:
        A ``PreTrainedTokenizerFast`` with ``decode(encode(text)) == text`` for every text.

    Raises:
        DataError: the vocabulary is too small, or no text is there.
        MissingTransformerError: ``tokenizers`` or ``transformers`` is not installed.

    Example:
        >>> tokenizer = train_bpe_tokenizer(["the cat and the hat"], vocab_size=270)
        >>> tokenizer.decode(tokenizer.encode("the bat, at 3 °C"))
        'the bat, at 3 °C'
    """
    check_vocabulary_size(vocab_size)
    learned_from = [text for text in texts if text]
    if not learned_from:
        raise DataError("a tokenizer cannot be trained on 0 texts: pass at least one text that is not empty")
    tokenizers = load_library("tokenizers", "transformer")
    pieces = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.pre_tokenizer = pieces
    backend.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS.values()),
        initial_alphabet=sorted(pieces.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(learned_from, trainer)
    return _as_transformers_tokenizer(backend)


def make_character_tokenizer(texts: Iterable[str]) -> Any:
    """Make a tokenizer with one token for each character.

    Args:
        texts: the texts whose characters (Unicode code points) are known: those of the training part only.

    Returns:
        A ``PreTrainedTokenizerFast``. Known characters decode to themselves, others become ``<unk>``.

    Raises:
        DataError: the texts hold no character.
        MissingTransformerError: ``tokenizers`` or ``transformers`` is not installed.

    Example:
        >>> tokenizer = make_character_tokenizer(["abc"])
        >>> tokenizer.encode("cab"), tokenizer.decode(tokenizer.encode("cab")), tokenizer.encode("?")
        ([7, 5, 6], 'cab', [3])
    """
    characters = sorted(set().union(*map(set, texts)))
    if not characters:
        raise DataError(
            "a tokenizer cannot be made from 0 characters: pass at least one text that is not empty"
        )
    tokenizers = load_library("tokenizers", "transformer")
    vocabulary = {token: number for number, token in enumerate([*SPECIAL_TOKENS.values(), *characters])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS["unk"]))
    # A dot would leave out line ends, and the whole line would become one unknown token.
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    backend.decoder = tokenizers.decoders.Fuse()
    return _as_transformers_tokenizer(backend)


def encode_texts(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Encode texts as text: a literal ``<eos>`` in a source file becomes its characters, not the end token.

    Args:
        tokenizer: a tokenizer of this module, or another one of ``transformers``.
        texts: the texts.

    Returns:
        Token numbers of each text, without added tokens.

    Example:
        >>> encode_texts(make_character_tokenizer(["<eos>"]), ["so", "<eos>"])
        [[9, 8], [5, 7, 8, 9, 6]]
    """
    if not texts:
        return []
    encoded = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)
    numbers: list[list[int]] = encoded["input_ids"]
    return numbers


def _as_transformers_tokenizer(backend: Any) -> Any:
    """Wrap a tokenizer of ``tokenizers`` for ``transformers``, with the names of the special tokens."""
    wrapper = load_library("transformers", "transformer").PreTrainedTokenizerFast
    named = {f"{role}_token": token for role, token in SPECIAL_TOKENS.items()}
    # Cleaning up would join "do n't" and eat spaces before commas.
    return wrapper(tokenizer_object=backend, clean_up_tokenization_spaces=False, **named)
