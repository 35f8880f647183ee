"""Fine-tuning of PyTorch models with a design's directions; needs the extra `torch`.

``sources`` makes the numbers of beats on a device, ``directions`` cuts them into steps and
positions, ``moved`` shows a model its weights moved along them, ``optimizer`` trains, ``steplog``
keeps what replays a training run, and ``sst2`` fine-tunes a language model from the command line.
"""

from __future__ import annotations
