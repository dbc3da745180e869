"""Fills a fresh stack with people to try it as, when the demo data is there."""

import asyncio
import inspect
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded.stack import Stack

MODULE = "deploy.demo"


def show(stack: Stack, data: Path) -> None:
    """Load the demo people and say who they are. A demo that fails says so and leaves the stack as it is."""
    if find_spec(MODULE) is None:
        return
    try:
        module = import_module(MODULE)
        loading = module.load(stack, data)
        if inspect.isawaitable(loading):
            asyncio.run(_finish(loading))
        print(module.welcome(stack))
    except Exception as error:  # whatever it is, the person still wants the stack that runs
        print(f"Les données de démonstration n’ont pas pu être chargées : {error}.", file=sys.stderr)


async def _finish(loading: object) -> None:
    if inspect.isawaitable(loading):
        await loading
