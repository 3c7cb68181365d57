"""Text without a network: the interpreter's own documentation and source, and the files of the user.

A document is what must not be torn between training and test: one help topic, one source file, one file of
the user.
"""

from __future__ import annotations

import sysconfig
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import DataError

__all__ = [
    "TEXT_ENDINGS",
    "Document",
    "pydoc_documents",
    "sections",
    "standard_library_documents",
    "text_file_documents",
]

TEXT_ENDINGS = (".txt", ".md", ".py")
_SECTIONS = 20


@dataclass(frozen=True)
class Document:
    """A piece of text that stays whole when data are split.

    Args:
        name: topic, or path below the folder that was read.
        text: the contents.

    Example:
        >>> Document("greeting", "hello").name
        'greeting'
    """

    name: str
    text: str


def pydoc_documents() -> list[Document]:
    """The help topics that CPython carries in ``pydoc_data.topics`` (PSF licence).

    They differ between Python versions: 79 topics and 465,000 characters in 3.11.7, a few topics of 50,000
    characters beside many of 500.

    Returns:
        One document for each topic, by name.

    Raises:
        DataError: this interpreter comes without ``pydoc_data`` (some systems leave it out).

    Example:
        >>> "lambda" in {document.name for document in pydoc_documents()}
        True
    """
    try:
        from pydoc_data.topics import topics
    except ModuleNotFoundError as problem:
        raise DataError(
            f"this Python has no {problem.name}: use another data set, see data_names(), or a full "
            "installation of CPython"
        ) from problem
    return [Document(name, topics[name]) for name in sorted(topics) if topics[name].strip()]


def standard_library_documents(*, packages: bool = False) -> list[Document]:
    """The Python source files of the standard library (PSF licence).

    Args:
        packages: also read the folders (``asyncio/``, ``email/``, ...): about 11 MB instead of 5 MB in 3.11.
            Tests of the library and installed third-party packages are left out.

    Returns:
        One document for each file that holds text, by its path.

    Raises:
        DataError: this interpreter comes without source files.

    Example:
        >>> "textwrap.py" in {document.name for document in standard_library_documents()}
        True
    """
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(folder.rglob("*.py") if packages else folder.glob("*.py"))
    left_out = {"site-packages", "dist-packages", "test", "tests"}
    documents = []
    for file in files:
        relative = file.relative_to(folder)
        if left_out.intersection(relative.parts):
            continue
        with tokenize.open(file) as opened:  # heeds the coding line of the file
            text = opened.read()
        if text.strip():
            documents.append(Document(relative.as_posix(), text))
    if not documents:
        raise DataError(
            f"this Python has no source files in {folder}: use another data set, see data_names()"
        )
    return documents


def text_file_documents(path: str | Path) -> tuple[list[Document], list[str]]:
    r"""Read a text file, or every text file below a folder.

    Files end with ``.txt``, ``.md`` or ``.py`` and are UTF-8. Folders and files whose name begins with a dot
    are not read. A single file becomes 20 sections of about equal length, cut at line ends, because one
    document cannot be split into training, validation and test.

    Args:
        path: the file or the folder.

    Returns:
        The documents in order of their paths, and notes about what was cut or left out.

    Raises:
        DataError: nothing there, another ending, no text file below it, or a file that is not UTF-8 text.

    Example:
        >>> _ = Path("poem.txt").write_text("roses are red\n" * 40, encoding="utf-8")
        >>> documents, notes = text_file_documents("poem.txt")
        >>> len(documents), notes
        (20, ['poem.txt was cut into 20 sections at line ends; the split is by section'])
    """
    path = Path(path)
    if path.is_dir():
        return _folder_documents(path)
    if not path.exists():
        raise DataError(f"there is no file or folder {str(path)!r}: check the path")
    if path.suffix.lower() not in TEXT_ENDINGS:
        # A table with tabs, or a page of markup, would be learned letter by letter without a word.
        raise DataError(
            f"{str(path)!r} does not end with {', '.join(TEXT_ENDINGS)}: rename it if it is plain text; "
            "tables are read from .csv"
        )
    return (
        sections(path.name, _read_text(path), _SECTIONS),
        [f"{path.name} was cut into {_SECTIONS} sections at line ends; the split is by section"],
    )


def _folder_documents(folder: Path) -> tuple[list[Document], list[str]]:
    """One document for each text file below a folder, and a note about empty ones."""
    found = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in TEXT_ENDINGS
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    documents = [Document(file.relative_to(folder).as_posix(), _read_text(file)) for file in found]
    filled = [document for document in documents if document.text.strip()]
    if not filled:
        raise DataError(
            f"folder {str(folder)!r} holds no text: {len(found)} file(s) below it end with "
            f"{', '.join(TEXT_ENDINGS)}, none with contents; pass another folder"
        )
    empty = [document.name for document in documents if not document.text.strip()]
    return filled, [f"{len(empty)} file(s) without text left out: {_shortened(empty)}"] if empty else []


def sections(name: str, text: str, count: int) -> list[Document]:
    r"""Cut a text at line ends into consecutive sections of about equal length.

    Args:
        name: name of the text; sections are called ``name#1``, ``name#2``, ...
        text: the text. Its sections joined give it back.
        count: how many sections are wanted.

    Returns:
        ``count`` sections that hold text.

    Raises:
        DataError: the text has fewer lines than sections, or single lines so long that a section stays empty.

    Example:
        >>> [section.text for section in sections("ab", "a\nb\nc\nd\n", 2)]
        ['a\nb\n', 'c\nd\n']
    """
    lines = text.splitlines(keepends=True)
    position = 0
    pieces: list[list[str]] = [[] for _ in range(count)]
    for line in lines:
        # A line belongs to the section in which its middle lies.
        middle = position + len(line) / 2
        pieces[min(int(middle * count / max(len(text), 1)), count - 1)].append(line)
        position += len(line)
    joined = ["".join(piece) for piece in pieces]
    if not all(piece.strip() for piece in joined):
        raise DataError(
            f"{name} cannot be cut into {count} sections at line ends: it has {len(lines)} line(s) and "
            f"{len(text)} characters. Pass a longer text, break its long lines, or pass a folder of files"
        )
    return [Document(f"{name}#{number}", piece) for number, piece in enumerate(joined, start=1)]


def _read_text(file: Path) -> str:
    """The contents of a UTF-8 file."""
    try:
        return file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as problem:
        raise DataError(
            f"{str(file)!r} cannot be read as UTF-8 text ({problem}): convert it, or take it out of the "
            "folder"
        ) from problem


def _shortened(names: Iterable[str], shown: int = 5) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
