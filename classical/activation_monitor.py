"""Watch activations and gradients of any torch model while it runs, and hear when something goes wrong.

Hooks reduce every output of a watched module, and the gradient of the loss with respect to it, to running
statistics at once; no tensor is kept and nothing is added to the graph, so training computes the same
numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from .activation_alarms import Alarm, AlarmThresholds, judge_activation, judge_gradient
from .errors import ConfigurationError, MonitorError
from .module_selection import select_modules
from .module_streams import ModuleStream, floating_outputs
from .recomputation import is_recomputation

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

__all__ = ["ActivationMonitor"]

_COLUMNS = (
    "module", "type", "output", "quantity", "steps", "count", "mean", "std", "mean_absolute", "max_absolute",
    "zero_share", "nonfinite_share", "silent_share",
)  # fmt: skip


class ActivationMonitor:
    """Running statistics and alarms of a model inside a ``with`` block.

    A step is one call of the model; several calls of a module in it count together, and so do the gradients
    that arrive before the next call. With gradient accumulation every call is a step of its own. What
    gradient checkpointing computes again in the backward pass is not counted a second time. Gradients are
    those of the modules' outputs, not of the weights. Outputs of integers are passed over, as are gradients
    of outputs that have no history (a module that returns its own parameter).

    Args:
        model: any torch model.
        modules: which of its modules; None for all but containers and dropouts, otherwise module types, names
            with wildcards such as ``"layers.*.attention"``, or a predicate ``(name, module) -> bool``.
        gradients: whether to watch gradients as well.
        thresholds: when something counts as vanishing, exploding or dead; None for the defaults that
            `AlarmThresholds` states.
        every: look at every so many steps only, from the first on; each look costs a few passes over each
            output, and on a GPU one synchronization.
        unit_axis: the axis of an output that holds its units, for the share of silent ones; -1 for
            transformers, 1 for images in channels-first order.

    Raises:
        ConfigurationError: no model, a choice that selects nothing, thresholds of another kind, ``every``
            below 1.

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> with ActivationMonitor(model) as monitor:
        ...     for _ in range(3):
        ...         model(torch.randn(16, 4)).square().mean().backward()
        >>> monitor.table()[["module", "quantity", "steps", "count"]].values.tolist()[:3]
        [['0', 'activation', 3, 384], ['1', 'activation', 3, 384], ['2', 'activation', 3, 48]]
        >>> monitor.alarms()
        []
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        modules: Any = None,
        gradients: bool = True,
        thresholds: AlarmThresholds | None = None,
        every: int = 1,
        unit_axis: int = -1,
    ) -> None:
        self._watched = select_modules(model, modules)
        if thresholds is not None and not isinstance(thresholds, AlarmThresholds):
            raise ConfigurationError(f"thresholds must be AlarmThresholds or None; {thresholds!r} was given")
        for name, value, least in (("every", every, 1), ("unit_axis", unit_axis, None)):
            if isinstance(value, bool) or not isinstance(value, int) or (least and value < least):
                floor = f" from {least}" if least else ""
                raise ConfigurationError(f"{name} must be a whole number{floor}; {value!r} was given")
        self._model = model
        self._gradients = bool(gradients)
        self._thresholds = thresholds or AlarmThresholds()
        self._every = every
        self._unit_axis = unit_axis
        self._handles: list[RemovableHandle] = []
        self._tensor_handles: list[RemovableHandle] = []
        self._entered = False
        self._clear()

    def _clear(self) -> None:
        self._streams: dict[tuple[str, str, str], ModuleStream] = {}
        self._alarms: dict[tuple[str, str, str, str], Alarm] = {}
        self._step = 0
        self._depth = 0
        self._used = False

    @property
    def steps(self) -> int:
        """How many steps have begun."""
        return self._step

    @property
    def thresholds(self) -> AlarmThresholds:
        """The limits in use."""
        return self._thresholds

    def __enter__(self) -> ActivationMonitor:
        """Attach the hooks.

        Raises:
            MonitorError: the monitor is attached, or was before and was not reset.
        """
        if self._entered:
            raise MonitorError("this monitor is attached already; nest another ActivationMonitor instead")
        if self._used:
            raise MonitorError(
                "this monitor was used before; call reset() to forget what it saw, or make another"
            )
        self._entered = self._used = True
        model = self._model
        try:
            self._handles.append(model.register_forward_pre_hook(self._model_begins, prepend=True))
            for name, module in self._watched.items():
                self._handles.append(module.register_forward_hook(partial(self._module_ran, name)))
            self._handles.append(model.register_forward_hook(self._model_ends, always_call=True))
        except BaseException:
            self._detach()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Remove every hook, also those on tensors whose backward pass is still to come."""
        self._detach()
        self._close_step()

    def _detach(self) -> None:
        for handle in self._handles + self._tensor_handles:
            handle.remove()
        self._handles, self._tensor_handles = [], []
        self._entered, self._depth = False, 0

    def next_step(self) -> None:
        """Begin a step by hand, where parts of the model are called and never the model itself.

        Raises:
            MonitorError: outside the ``with`` block.
        """
        if not self._entered:
            raise MonitorError("next_step() belongs inside the `with monitor:` block")
        self._close_step()
        self._step += 1
        # Handles of graphs that are gone refer to nothing; without this the list would grow with every step.
        self._tensor_handles = [held for held in self._tensor_handles if held.hooks_dict_ref() is not None]

    def reset(self) -> None:
        """Forget everything seen; inside a block the hooks stay, after it the monitor can be used again."""
        self._clear()
        self._used = self._entered

    def _model_begins(self, module: nn.Module, arguments: Any) -> None:
        if is_recomputation():
            return
        if self._depth == 0:
            self.next_step()
        self._depth += 1

    def _model_ends(self, module: nn.Module, arguments: Any, output: Any) -> None:
        if not is_recomputation():
            self._depth = max(0, self._depth - 1)

    def _module_ran(self, name: str, module: nn.Module, arguments: Any, output: Any) -> None:
        again = is_recomputation()  # checkpointing runs the module a second time
        if self._step == 0 and not again:
            self.next_step()
        if self._step == 0 or (self._step - 1) % self._every:
            return
        for path, tensor in floating_outputs(output):
            if not again:
                self._stream(name, path, "activation").add(tensor)
            # Of the two runs, one has a graph that the backward pass goes through, and only its hook is
            # called.
            if self._gradients and tensor.grad_fn is not None:
                hook = partial(self._gradient_came, name, path)
                handle = tensor.register_hook(hook)  # type: ignore[no-untyped-call]
                self._tensor_handles.append(handle)

    def _gradient_came(self, name: str, path: str, gradient: Tensor) -> None:
        for _, tensor in floating_outputs(gradient):
            self._stream(name, path, "gradient").add(tensor)

    def _stream(self, name: str, path: str, quantity: str) -> ModuleStream:
        key = (name, path, quantity)
        if key not in self._streams:
            kind = type(self._watched[name]).__name__
            self._streams[key] = ModuleStream(name, kind, path, quantity, self._unit_axis)
        return self._streams[key]

    def _close_step(self) -> None:
        self._alarms = self._judged()
        for stream in self._streams.values():
            stream.close_step()

    def _judged(self) -> dict[tuple[str, str, str, str], Alarm]:
        """The alarms so far with those of the open step."""
        alarms = dict(self._alarms)
        live = [stream for stream in self._streams.values() if stream.current.count]
        gradients = [
            s.current.root_mean_square for s in live if s.quantity == "gradient" and s.current.finite
        ]
        largest = max(gradients, default=0.0)
        for stream in live:
            if stream.quantity == "gradient":
                found = judge_gradient(stream.current, largest, self._thresholds)
            else:
                silent = stream.silent_share(self._thresholds.dead_steps)
                found = judge_activation(stream.current, silent, self._thresholds)
            for kind, measure, value, threshold in found:
                key = (stream.module, stream.output, stream.quantity, kind)
                if before := alarms.get(key):
                    alarms[key] = replace(before, steps=before.steps + 1, last_step=self._step)
                else:
                    alarms[key] = Alarm(
                        stream.module, kind, value, threshold, self._step, stream.quantity,
                        output=stream.output, measure=measure, last_step=self._step,
                    )  # fmt: skip
        return alarms

    def alarms(self) -> list[Alarm]:
        """What went wrong so far, the open step included.

        Returns:
            One alarm per module, output, quantity and kind, with the first step at which it happened and the
            number of steps at which it did; in the order of the first steps.

        Raises:
            MonitorError: the monitor was never used.
        """
        self._seen()
        return sorted(self._judged().values(), key=lambda alarm: alarm.step)

    def table(self) -> pandas.DataFrame:
        """The statistics so far, the open step included.

        Returns:
            One row per module, output and quantity, activations first, in the order in which they ran:
            module, type, output, quantity, steps, count (elements), mean, std, mean_absolute, max_absolute,
            zero_share, nonfinite_share, silent_share (units that were exactly 0 for ``dead_steps`` steps in a
            row; NaN for gradients).

        Raises:
            MonitorError: the monitor was never used.
        """
        import pandas

        rows = []
        for stream in self._seen():
            seen, steps = stream.so_far()
            silent = stream.silent_share(self._thresholds.dead_steps)
            rows.append(
                (
                    stream.module, stream.module_type, stream.output, stream.quantity, steps, seen.count,
                    seen.mean if seen.finite else float("nan"), seen.std, seen.mean_absolute,
                    seen.max_absolute if seen.finite else float("nan"), seen.zero_share, seen.nonfinite_share,
                    silent if stream.quantity == "activation" else float("nan"),
                )
            )  # fmt: skip
        return pandas.DataFrame(rows, columns=list(_COLUMNS))

    def plot(self) -> Figure:
        """Draw size and zeros of every activation and gradient, from the first module to the last.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.

        Raises:
            MonitorError: the monitor was never used, or has seen nothing yet.
        """
        from .activation_chart import draw_statistics

        table = self.table()
        if table.empty:
            raise MonitorError(
                "the monitor has seen nothing yet; run the model inside the `with` block first"
            )
        return draw_statistics(table, self.alarms(), self._thresholds)

    def _seen(self) -> list[ModuleStream]:
        """The streams, activations first."""
        if not self._used:
            raise MonitorError("this monitor has seen nothing; run the model inside `with monitor:` first")
        return sorted(self._streams.values(), key=lambda stream: stream.quantity != "activation")
