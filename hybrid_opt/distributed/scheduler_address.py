"""Addresses of schedulers, judged before dask sees them: what it cannot read it leaves half open."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ClusterError, OptionError

__all__ = ["check_address", "check_certificates"]

_ADDRESS = re.compile(r"(?:tcp|tls|ws|wss|ucx)://(?:\[[^\s\[\]]+\]|[^\s:/@\[\]]+):(?P<port>[0-9]{1,5})")
_ENCRYPTED = ("tls://", "wss://")


def check_address(address: object) -> None:
    """Refuse what is no address of a scheduler.

    Args:
        address: None, "local", or PROTOCOL://HOST:PORT.

    Raises:
        OptionError: anything else.

    Example:
        >>> check_address("tcp://scheduler:8786")
        >>> check_address("scheduler")
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: address is 'scheduler'; legal are None, 'local', or \
PROTOCOL://HOST:PORT with tcp, tls, ws, wss or ucx and a port from 1 to 65535, such as 'tcp://scheduler:8786'
    """
    if address is None or address == "local":
        return
    read = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if read is None or not 1 <= int(read["port"]) <= 65535:
        raise OptionError(
            f"address is {address!r}; legal are None, 'local', or PROTOCOL://HOST:PORT with tcp, tls, ws, "
            "wss or ucx and a port from 1 to 65535, such as 'tcp://scheduler:8786'"
        )


def check_certificates(address: str | None) -> None:
    """Refuse an encrypted connection that dask has no certificates for.

    Args:
        address: as `check_address` takes it.

    Raises:
        ClusterError: "tls" or "wss", and nothing is set.
    """
    if address is None or not address.startswith(_ENCRYPTED):
        return
    from distributed.security import Security

    security: Any = Security  # dask says nothing of its types
    try:
        context = security().get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"the certificates for {address} cannot be read ({type(error).__name__}: {error}); correct "
            "distributed.comm.tls in dask's configuration"
        ) from error
    if context is None:
        raise ClusterError(
            f"{address} is encrypted and dask has no certificates; set distributed.comm.tls (ca-file, and "
            "client.cert and client.key) in dask's configuration, or take the tcp address of the scheduler"
        )
