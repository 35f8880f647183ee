"""Tiny checkpoints of random weights, as a user's folder holds them, and SST-2 files."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    OPTConfig,
    OPTForCausalLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
)

WORDS = ["great", "terrible", "film", "plot", "dull", "warm", "story", "noise", "acting", "It was"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def sst2_file(path: Path, examples: int = 60) -> Path:
    """Write a file of sentences whose first word determines the label."""
    lines = ["sentence\tlabel"]
    for i in range(examples):
        label = i % 2
        lines.append(f"{'warm' if label else 'dull'} {WORDS[2 + i % 7]} {WORDS[i % 9]}\t{label}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def checkpoint(folder: Path, kind: str) -> Path:
    """Write a folder in the format of save_pretrained."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    size = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1}
    size |= {"num_attention_heads": 2, "max_position_embeddings": 140}
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    if kind == "roberta":
        model = RobertaForMaskedLM(
            RobertaConfig(**size, **ids, intermediate_size=32, initializer_range=0.2)
        )
    else:
        config = OPTConfig(**size, **ids, ffn_dim=32, word_embed_proj_dim=16, init_std=0.2)
        model = OPTForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level pairs, as RoBERTa and OPT have."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([f" {word}" for word in WORDS] * 3, trainer)
    names = ("bos_token", "pad_token", "eos_token", "unk_token", "mask_token")
    special = dict(zip(names, SPECIAL, strict=True))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, cls_token="<s>", sep_token="</s>", **special
    )
