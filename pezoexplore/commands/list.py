"""`pezoexplore list`: what there is to choose from."""

from __future__ import annotations

import textwrap

from pezoexplore.commands.terminal import print_json, say
from pezoexplore.streams.catalogue import CATALOGUE, FACTS, facts

_INDENT = 24
_WRAP = textwrap.TextWrapper(98, subsequent_indent=" " * _INDENT, break_on_hyphens=False)


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
            say(_WRAP.fill(f"{head}{value}"))
        say("")
    return 0
