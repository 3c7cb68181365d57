"""Write a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..errors import OptionError

__all__ = ["write_whole"]


def write_whole(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write a file beside its final place and move it there, so that no reader ever meets half of it.

    An older file of that name stays untouched until the new one is complete. Links are followed.

    Args:
        path: where the file shall be; its folder must exist.
        data: the content.

    Returns:
        The path as given.

    Raises:
        OptionError: the folder is missing, the path is not a file, or the system refuses to write there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_whole(Path(folder) / "a.txt", b"whole").read_bytes()
        b'whole'
    """
    given = Path(path)
    target = Path(os.path.realpath(given))
    if not target.parent.is_dir():
        raise OptionError(f"cannot write {given}: the folder {target.parent} does not exist; create it first")
    # Moving a file onto a device such as /dev/null would replace the device.
    if target.exists() and not target.is_file():
        raise OptionError(f"cannot write {given}: it exists and is not a file; give a file name")
    draft = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        try:
            # Not tempfile: its files are private to the owner, a report has the usual permissions.
            with open(draft, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OptionError(f"cannot write {given}: {error.strerror}; choose another place") from error
    return given
