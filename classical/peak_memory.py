"""Highest memory use while a block runs: of the GPU, or by sampling of the process."""

from __future__ import annotations

import threading
from types import TracebackType

import torch

from .optional_libraries import load_library

__all__ = ["PeakMemory"]

SAMPLE_SECONDS = 0.01  # a peak that lasts less may be missed


class PeakMemory:
    """Measures the peak of a ``with`` block.

    On a GPU it is torch's own count of allocated bytes. On the CPU it is the resident memory of the process,
    looked at a hundred times a second: libraries that were loaded before are in it, and so is what other
    threads hold.

    Args:
        device: where the tensors are.

    Attributes:
        peak_bytes: the highest use; after the block.
        extra_bytes: by how much it exceeds the use at the start of the block.

    Example:
        >>> with PeakMemory(torch.device("cpu")) as memory:
        ...     total = torch.ones(1000).sum()
        >>> memory.peak_bytes > 0 and memory.extra_bytes >= 0
        True
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.peak_bytes = 0
        self.extra_bytes = 0
        self._start = 0
        self._stop = threading.Event()
        self._sampler: threading.Thread | None = None

    def __enter__(self) -> PeakMemory:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            self._start = torch.cuda.memory_allocated(self.device)
            return self
        process = load_library("psutil", "transformer").Process()
        self._start = self.peak_bytes = process.memory_info().rss

        def sample() -> None:
            running = True
            while running:  # once more after the end: the block may have been shorter than a wait
                running = not self._stop.wait(SAMPLE_SECONDS)
                self.peak_bytes = max(self.peak_bytes, process.memory_info().rss)

        self._sampler = threading.Thread(target=sample, daemon=True)
        self._sampler.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sampler is None:
            self.peak_bytes = torch.cuda.max_memory_allocated(self.device)
        else:
            self._stop.set()
            self._sampler.join()
        self.extra_bytes = max(0, self.peak_bytes - self._start)
