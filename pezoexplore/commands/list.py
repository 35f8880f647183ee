"""`pezoexplore list`: what there is to choose from."""

from __future__ import annotations

import textwrap

from pezoexplore.commands.terminal import print_json, say
from pezoexplore.perturb.catalogue import CATALOGUE, FACTS, facts

_WIDTH = 98
_INDENT = 24


def list_generators(as_json: bool) -> int:
    """Print every generator with its facts.

    Returns:
        0.
    """
    if as_json:
        listed = [{"name": item.name, **facts(item), "rtl": item.rtl} for item in CATALOGUE]
        print_json({"rng": listed})
        return 0
    for item in CATALOGUE:
        say(item.name)
        for key, value in facts(item).items():
            head = f"  {FACTS[key]}".ljust(_INDENT)
            say(textwrap.fill(value, _WIDTH, initial_indent=head, subsequent_indent=" " * _INDENT))
        say("")
    return 0
