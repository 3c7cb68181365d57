"""Objects on their way to a worker, packed here: what cannot travel is named before any task starts."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from .._optional import require
from ..errors import OptionError

__all__ = ["Packed", "pack"]


@dataclass(frozen=True)
class Packed:
    """A pickled object.

    Attributes:
        content: what pickle made of it.
    """

    content: bytes

    def unpack(self) -> Any:
        """A fresh copy of the object.

        Example:
            >>> Packed(pickle.dumps([1, 2])).unpack()
            [1, 2]
        """
        return pickle.loads(self.content)

    @property
    def digest(self) -> str:
        """Of the content: equal contents have equal digests."""
        return blake2b(self.content, digest_size=16).hexdigest()


def pack(thing: Any, name: str) -> Packed:
    """Pickle an object; functions of a script or a notebook travel with their code.

    Args:
        thing: what to send.
        name: what it is, for the message.

    Returns:
        The packed object.

    Raises:
        OptionError: it cannot be pickled.
        MissingDependencyError: cloudpickle, which comes with the extra "distributed", is not installed.

    Example:
        >>> pack(lambda row: row + 1, "function").unpack()(1)
        2
    """
    cloudpickle = require("cloudpickle", "distributed")
    try:
        return Packed(cloudpickle.dumps(thing))
    # Whatever the object's own pickling raises: no list of them would be complete.
    except Exception as error:
        raise OptionError(
            f"{name} {thing!r} cannot be sent to another process ({type(error).__name__}: {error}); open "
            "files, locks, connections and simulators stay where they are, so make them inside the function, "
            "or give the object a __getstate__ without them"
        ) from error
