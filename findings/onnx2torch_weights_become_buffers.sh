#!/usr/bin/env bash
# onnx2torch: the weights of MatMul and Add are buffers, which no optimiser trains.
#
# Seen 2026-11-29, onnx2torch 1.5.15, onnx 1.23.2, torch 2.13.0 (CPU). The same perceptron of 4, 3 and 2
# units with biases, 23 weights, is written to ONNX in two ways that every exporter uses. From two Gemm
# nodes the converted module has 23 trainable numbers in parameters(). From MatMul and Add, which give
# the same outputs, it has none: all 23 are buffers. An optimiser of the converted module trains nothing;
# where one layer is a Gemm and the other a MatMul, it trains that layer alone, without a message.
# Where PyPI's wheel with CUDA is too large, set
# TORCH='torch==2.13.0 torchvision==0.28.0 --index-url https://download.pytorch.org/whl/cpu'.
source "$(dirname "$(readlink -f "$0")")/common.sh"
# shellcheck disable=SC2086
packages ${TORCH:-torch==2.13.0 torchvision==0.28.0}
packages numpy==2.4.6 onnx==1.23.2 onnx2torch==1.5.15

cat > convert.py <<'P'
import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx2torch import convert

rng = np.random.default_rng(1)
SHAPES = {"w1": (4, 3), "b1": (3,), "w2": (3, 2), "b2": (2,)}
WEIGHTS = {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def layer(kind, source, number, target):
    w, b = f"w{number}", f"b{number}"
    if kind == "Gemm":
        return [helper.make_node("Gemm", [source, w, b], [target])]
    product = f"p{number}"
    return [
        helper.make_node("MatMul", [source, w], [product]),
        helper.make_node("Add", [product, b], [target]),
    ]


def converted(first, second):
    nodes = [*layer(first, "x", 1, "h"), helper.make_node("Relu", ["h"], ["r"]),
             *layer(second, "r", 2, "y")]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
            for n, s in (("x", [5, 4]), ("y", [5, 2]))]
    initial = [numpy_helper.from_array(value, name) for name, value in WEIGHTS.items()]
    graph = helper.make_graph(nodes, "perceptron", ends[:1], ends[1:], initial)
    return convert(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


inputs = torch.from_numpy(rng.normal(size=(5, 4)).astype(np.float32))
outputs, trained = [], []
for kinds in (("Gemm", "Gemm"), ("MatMul", "MatMul"), ("Gemm", "MatMul")):
    module = converted(*kinds)
    outputs.append(module(inputs))
    trained.append(sum(p.numel() for p in module.parameters() if p.requires_grad))
assert all(torch.allclose(outputs[0], other, atol=1e-6) for other in outputs)
print(*trained)
P
expect "numbers that train, of 23: two Gemm; two MatMul and Add; one of each" \
    "23 0 15" "$(python convert.py)"
