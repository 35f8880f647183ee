"""Fine-tuning of PyTorch models with a design's directions; needs the extra `torch`.

``sources`` generates the numbers of beats on a device, ``directions`` cuts them into steps and
positions, ``moved`` runs a model with its weights moved along them, ``optimizer`` trains,
``steplog`` records what replays a training run, and ``tuning`` fine-tunes a language model, from
the command line by ``sst2``. ``task`` makes a module a task of design files, ``trainer`` trains it.
"""

from __future__ import annotations
