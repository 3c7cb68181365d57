"""The encoder-decoder: losses, caches, generation, one table of embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForSeq2SeqLM, DataCollatorForSeq2Seq, PreTrainedTokenizerFast

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq
from hybrid_opt.classical.transformers_import import EncoderDecoderCache


def model_of(**settings: Any) -> DistanceSeq2Seq:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    sizes.update(pad_token_id=0, bos_token_id=1, eos_token_id=2, initializer_range=0.2)
    return DistanceSeq2Seq(DistanceTransformerConfig(**{**sizes, **settings})).eval()


def ids(length: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(3, 50, (2, length), generator=torch.Generator().manual_seed(seed))


READ, WRITTEN = ids(7), ids(5, seed=2)


def greedy(model: DistanceSeq2Seq, read: torch.Tensor, mask: torch.Tensor | None, new: int) -> torch.Tensor:
    """Greedy output from full passes, without a cache."""
    written = read.new_ones(len(read), 1)
    for _ in range(new):
        output = model(input_ids=read, attention_mask=mask, decoder_input_ids=written, use_cache=False)
        written = torch.cat([written, output.logits[:, -1:].argmax(-1)], dim=1)
    return written


def test_labels_are_written_behind_the_start_token():
    model, labels = model_of(), WRITTEN.clone()
    labels[1, 3:] = -100
    shifted = model.prepare_decoder_input_ids_from_labels(labels)
    assert shifted[0].tolist() == [1, *labels[0, :-1].tolist()]
    assert shifted[1].tolist() == [1, *labels[1, :3].tolist(), 0]
    output = model(input_ids=READ, labels=labels)
    logits = model(input_ids=READ, decoder_input_ids=shifted).logits
    torch.testing.assert_close(output.logits, logits)
    torch.testing.assert_close(output.loss, functional.cross_entropy(logits.flatten(0, 1), labels.flatten()))


def test_the_decoder_reads_all_tokens_and_none_of_its_own_later_ones():
    model = model_of()
    first = model(input_ids=READ, decoder_input_ids=WRITTEN).logits
    later = WRITTEN.clone()
    later[:, 4] = 9
    torch.testing.assert_close(model(input_ids=READ, decoder_input_ids=later).logits[:, :4], first[:, :4])
    other = READ.clone()
    other[:, 6] = 9
    assert not torch.allclose(model(input_ids=other, decoder_input_ids=WRITTEN).logits[:, 0], first[:, 0])


@pytest.mark.parametrize("position", ["learned", "rotary", "none"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_is_not_read(side: str, position: str):
    model = model_of(position=position)
    alone = model(input_ids=READ[1:, :5], decoder_input_ids=WRITTEN[1:]).logits
    padded, mask = READ.clone(), torch.ones_like(READ)
    real = slice(2, 7) if side == "left" else slice(0, 5)
    padded[1], mask[1] = 0, 0
    padded[1, real], mask[1, real] = READ[1, :5], 1
    output = model(input_ids=padded, attention_mask=mask, decoder_input_ids=WRITTEN).logits
    torch.testing.assert_close(output[1:], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_cached_decoding_equals_the_full_pass(metric: str):
    model = model_of(
        metric=metric, metric_p=3.0, num_key_value_heads=1, attention_window=3, position="rotary"
    )
    mask = torch.ones_like(READ)
    mask[0, 5:] = 0
    whole = model(input_ids=READ, attention_mask=mask, decoder_input_ids=WRITTEN).logits
    encoded, cache, parts = model.encoder(input_ids=READ, attention_mask=mask), None, []
    for part in WRITTEN.split([2, 1, 2], dim=1):
        step = model(
            encoder_outputs=encoded,
            attention_mask=mask,
            decoder_input_ids=part,
            past_key_values=cache,
            use_cache=True,
        )
        parts.append(step.logits)
        cache = step.past_key_values
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-5)
    assert isinstance(cache, EncoderDecoderCache)
    assert cache.cross_attention_cache.get_seq_length() == 7


@pytest.mark.parametrize("padded", [False, True])
def test_greedy_generation_equals_full_passes(padded: bool):
    model = model_of(eos_token_id=None)
    mask = torch.ones_like(READ)
    if padded:
        mask[0, 5:] = 0
    output = model.generate(READ, attention_mask=mask, max_new_tokens=6, do_sample=False)
    assert torch.equal(output, greedy(model, READ, mask, 6))


def test_beams_find_no_worse_sequences_than_greedy():
    model = model_of(eos_token_id=None)

    def score(written: torch.Tensor) -> torch.Tensor:
        logits = model(input_ids=READ, decoder_input_ids=written[:, :-1]).logits.log_softmax(-1)
        return logits.gather(-1, written[:, 1:, None]).sum((1, 2))

    beams = model.generate(READ, max_new_tokens=4, num_beams=6, do_sample=False)
    assert (score(beams) >= score(greedy(model, READ, None, 4)) - 1e-4).all()


def test_one_table_of_embeddings_serves_both_sides(tmp_path: Path):
    model = model_of()
    table = model.get_input_embeddings().weight
    assert model.lm_head.weight is table
    assert sum(parameter.shape[0] == 50 for parameter in model.parameters()) == 1
    untied = model_of(tie_word_embeddings=False)
    untied.save_pretrained(tmp_path)
    loaded = AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    for name, tensor in untied.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    before = untied(input_ids=READ, decoder_input_ids=WRITTEN).logits
    for resized in (untied, model):
        resized.resize_token_embeddings(60, mean_resizing=False)
        assert resized(input_ids=READ + 9, decoder_input_ids=WRITTEN + 9).logits.shape == (2, 5, 60)
    torch.testing.assert_close(untied(input_ids=READ, decoder_input_ids=WRITTEN).logits[..., :50], before)


def test_sides_may_differ_in_layers():
    model = model_of(num_encoder_layers=1, num_hidden_layers=3)
    assert (len(model.encoder.stack.blocks), len(model.decoder.blocks)) == (1, 3)
    output = model(
        input_ids=READ, decoder_input_ids=WRITTEN, output_attentions=True, output_hidden_states=True
    )
    assert [len(part) for part in (output.encoder_attentions, output.decoder_attentions)] == [1, 3]
    assert [tuple(weights.shape) for weights in output.cross_attentions] == [(2, 2, 5, 7)] * 3
    assert (len(output.encoder_hidden_states), len(output.decoder_hidden_states)) == (2, 4)


def test_head_masks_and_gates_count_the_encoder_first():
    model = model_of(num_encoder_layers=1)
    gates = torch.tensor([[1.0, 0.0], [0.5, 1.0], [1.0, 0.0]])
    gated = model(input_ids=READ, decoder_input_ids=WRITTEN, head_gates=gates).logits
    plain = model(input_ids=READ, decoder_input_ids=WRITTEN).logits
    assert not torch.allclose(gated, plain)
    model.set_head_mask(gates)
    torch.testing.assert_close(model(input_ids=READ, decoder_input_ids=WRITTEN).logits, gated)
    assert model.encoder.stack.blocks[0].attention.head_mask.tolist() == [1.0, 0.0]
    with pytest.raises(ConfigurationError, match=r"head_gates has the shape \(2, 2\); it must be \(3, 2\)"):
        model(input_ids=READ, decoder_input_ids=WRITTEN, head_gates=gates[:2])


def test_calibration_reaches_the_attention_across():
    model = model_of(scale_init="unit", metric="cosine")
    model.calibrate({"input_ids": ids(30), "labels": ids(20, seed=3)})
    across = model.decoder.blocks[0].cross_attention
    assert (across.effective_scale() > 2).all()  # 1 would leave logits of the cosine nearly equal


def test_losses_of_experts_on_both_sides_are_added():
    model = model_of(feed_forward="moe", moe={"num_experts": 2, "top_k": 1}).train()
    output = model(input_ids=READ, labels=WRITTEN)
    plain = functional.cross_entropy(output.logits.flatten(0, 1), WRITTEN.flatten())
    torch.testing.assert_close(output.loss, plain + output.aux_loss)
    output.loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert output.past_key_values is None


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointing_gives_the_same_gradients(reentrant: bool):
    gradients = []
    for checkpointing in (False, True):
        model = model_of(hidden_dropout=0.2).train()
        if checkpointing:
            model.activation_checkpointing_enable({"use_reentrant": reentrant})
        torch.manual_seed(3)
        model(input_ids=READ, labels=WRITTEN).loss.backward()
        gradients.append({name: parameter.grad for name, parameter in model.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


def test_the_collator_of_transformers_asks_for_decoder_inputs():
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    words = Tokenizer(WordLevel({"<pad>": 0, "a": 1}, unk_token="a"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>")
    model = model_of()
    collate = DataCollatorForSeq2Seq(tokenizer, model=model)
    batch = collate([{"input_ids": [3, 4], "labels": [5]}, {"input_ids": [6], "labels": [7, 8]}])
    assert batch["decoder_input_ids"].tolist() == [[1, 5], [1, 7]]
    assert batch["labels"].tolist() == [[5, -100], [7, 8]]
    assert float(model(**batch).loss.detach()) > 0


def test_a_plain_configuration_is_copied_not_changed():
    config = DistanceTransformerConfig(vocab_size=50, hidden_size=16, num_attention_heads=2)
    assert DistanceSeq2Seq(config).config.is_encoder_decoder
    assert not config.is_encoder_decoder


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigurationError, match="take value_width out"):
        model_of(value_width=3)
    with pytest.raises(ConfigurationError, match="give labels, or decoder_input_ids"):
        model_of()(input_ids=READ)
    with pytest.raises(ConfigurationError, match="set decoder_start_token_id or bos_token_id"):
        model_of(bos_token_id=None)(input_ids=READ, labels=WRITTEN)
    with pytest.raises(ConfigurationError, match="largest token id is 60"):
        model_of()(input_ids=READ, decoder_input_ids=torch.tensor([[60], [1]]))
    with pytest.raises(ConfigurationError, match="nothing given"):
        model_of()(labels=WRITTEN)
    with pytest.raises(ConfigurationError, match="of fixed size"):
        model_of().generate(READ, max_new_tokens=2, do_sample=False, cache_implementation="static")
