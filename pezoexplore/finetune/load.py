"""Modules from files: a Hugging Face model's folder, an ONNX file; nothing is downloaded."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.user_code import error_line


def hugging_face(
    folder: Path | str,
    kind: str = "AutoModelForSequenceClassification",
    **options: Any,  # noqa: ANN401 - of transformers
) -> torch.nn.Module:
    """Read a model from its folder, as ``save_pretrained`` writes it.

    Args:
        folder: Holds config.json and weights.
        kind: A class of ``transformers`` with ``from_pretrained``.
        options: Options of that method, such as ``num_labels``.

    Returns:
        The model in ``eval()`` mode.

    Raises:
        DesignError: There is no such model or class, or it cannot be read.
        ToolError: ``transformers`` is not installed.
    """
    transformers = _package("transformers", "torch")
    if not (Path(folder) / "config.json").is_file():
        raise DesignError(
            f"{folder}: no config.json there; give a model's folder as save_pretrained writes it"
        )
    family: Any = getattr(transformers, kind, None)
    if not hasattr(family, "from_pretrained"):
        raise DesignError(f"{kind} is no model class of transformers {transformers.__version__}")
    try:
        made: torch.nn.Module = family.from_pretrained(
            str(folder), local_files_only=True, **options
        )
    except Exception as error:
        raise DesignError(f"{folder}: cannot be read as {kind}: {error_line(error)}") from error
    return made


def onnx(path: Path | str) -> torch.nn.Module:
    """Convert the network of an ONNX file; its float tensors are the weights.

    onnx2torch makes parameters of the weights of convolutions and Gemm only; those of MatMul, Add
    and others it makes buffers, which nothing trains. Here all float initializers but single
    numbers become parameters.

    Args:
        path: The file.

    Raises:
        DesignError: It cannot be read or converted.
        ToolError: ``onnx2torch`` is not installed.
    """
    converter = _package("onnx2torch", "onnx")
    if not Path(path).is_file():
        raise DesignError(f"{path}: there is no such file")
    try:
        made: torch.nn.Module = converter.convert(str(path))
    except Exception as error:
        raise DesignError(f"{path}: cannot be converted: {error_line(error)}") from error
    for part in made.modules():
        for name, buffer in list(part.named_buffers(recurse=False)):
            if "initializer" in name and buffer.is_floating_point() and buffer.numel() > 1:
                del part._buffers[name]
                part.register_parameter(name, torch.nn.Parameter(buffer))
    return made


def _package(name: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        extras = "torch" if extra == "torch" else f"torch,{extra}"
        raise ToolError(f"{name} is missing; type: pip install 'pezoexplore[{extras}]'") from None
