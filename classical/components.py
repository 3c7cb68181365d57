"""Registry of replaceable parts: routers, head gates, controllers and choices of metrics by name.

A configuration stores a name and settings, never an object, so that a saved model can be built again. Three
places are searched for a name, in this order: what ``register_component`` was given in this process, what
this folder brings, and entry points of installed packages. A package offers a part in its
``pyproject.toml`` as

    [project.entry-points."hybrid_opt.components"]
    "router.quantum" = "its_package.its_module:build_router"

and the module behind it is imported only when that name is built.

A builder is ``builder(settings, **context) -> torch.nn.Module``. ``settings`` is the specification without
its name, a new dictionary for every call; ``context`` holds what the place of use knows:

* router: ``hidden_size``, ``num_experts``; ``forward(tokens (N, hidden_size)) -> logits (N, num_experts)``;
* head_gate: ``num_heads``, ``layer_index``, ``hidden_size``; ``forward(hidden (B, T, hidden_size)) ->
  gates``, of shape (num_heads,) or (B, num_heads);
* controller: ``num_heads``, ``layer_index``; ``forward(statistics (num_heads, 3)) -> ControlSignal``;
* metric_choice: ``num_layers``, ``start_metrics`` (one name per layer); its settings hold ``metrics``, the K
  names to choose among; ``forward() -> probabilities (num_layers, K)``. One for all layers of a model, since
  neighbors may have something to say to each other.

A builder takes ``**context`` rather than these names alone: later versions may add to them. A module with
tensors of its own has a method ``reset_parameters()`` that gives all of them, persistent buffers included,
their first values through the functions of ``torch.nn.init``: a model that is loaded is built without
memory and calls it for whatever the file does not hold.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from torch import nn

from .errors import ComponentError

__all__ = ["Builder", "build_component", "component_names", "register_component"]

Builder = Callable[..., nn.Module]

_GROUP = "hybrid_opt.components"
_CONTEXT = {
    "router": ("hidden_size", "num_experts"),
    "head_gate": ("num_heads", "layer_index", "hidden_size"),
    "controller": ("num_heads", "layer_index"),
    "metric_choice": ("num_layers", "start_metrics"),
}
# kind -> name -> (module of this folder, builder in it)
_BUILT_IN = {
    "router": {
        "softmax": ("moe_routers", "build_softmax_router"),
        "cosine": ("moe_routers", "build_cosine_router"),
        "rbf": ("rbf_router", "build_rbf_router"),
        "table": ("table_router", "build_table_router"),
    },
    "head_gate": {
        "learned": ("head_gates", "build_learned_gate"),
        "fixed": ("head_gates", "build_fixed_gate"),
        "top_k": ("top_k_gates", "build_top_k_gate"),
        "gumbel_top_k": ("top_k_gates", "build_gumbel_top_k_gate"),
    },
    "controller": {
        "constant": ("attention_controllers", "build_constant_controller"),
        "mlp": ("mlp_controller", "build_mlp_controller"),
        "softmax_bins": ("bin_controllers", "build_softmax_bins"),
        "fixed_bins": ("bin_controllers", "build_fixed_bins"),
    },
    "metric_choice": {
        "softmax_metric": ("metric_choices", "build_softmax_metric"),
        "fixed_metric": ("metric_choices", "build_fixed_metric"),
    },
}
_registered: dict[str, dict[str, Builder]] = {kind: {} for kind in _CONTEXT}


def register_component(kind: str, name: str, builder: Builder, *, replace: bool = False) -> None:
    """Make a part known under a name, in this process.

    A model saved with it can be loaded wherever the same call was made before; a package that is installed
    should offer an entry point instead, which needs no call.

    Args:
        kind: "router", "head_gate", "controller" or "metric_choice".
        name: what a specification calls it.
        builder: ``builder(settings, **context) -> torch.nn.Module``, as the head of this module describes.
        replace: allow a name that is taken already.

    Raises:
        ComponentError: an unknown kind, an empty name, a builder that cannot be called, or a name that is
            taken.

    Example:
        >>> from torch import nn
        >>> def build(settings, *, hidden_size, num_experts, **context):
        ...     return nn.Linear(hidden_size, num_experts, **settings)
        >>> register_component("router", "affine", build, replace=True)
        >>> build_component("router", {"name": "affine", "bias": False}, hidden_size=8, num_experts=2)
        Linear(in_features=8, out_features=2, bias=False)
    """
    _check_kind(kind)
    if not isinstance(name, str) or not name:
        raise ComponentError(f"the name of a {kind} is a string that is not empty, not {name!r}")
    if not callable(builder):
        raise ComponentError(
            f"the builder of {kind} {name!r} is {builder!r}; give a function "
            "builder(settings, **context) that returns a torch.nn.Module"
        )
    if not replace and (name in _registered[kind] or name in _BUILT_IN[kind]):
        raise ComponentError(f"there is a {kind} {name!r} already; choose another name or give replace=True")
    _registered[kind][name] = builder


def component_names(kind: str) -> tuple[str, ...]:
    """The names a specification of a kind may give, sorted; nothing is imported for it.

    Args:
        kind: "router", "head_gate", "controller" or "metric_choice".

    Returns:
        Names registered, brought along, and offered by installed packages.

    Raises:
        ComponentError: an unknown kind.

    Example:
        >>> {"fixed", "learned"} <= set(component_names("head_gate"))
        True
    """
    _check_kind(kind)
    return tuple(sorted({*_registered[kind], *_BUILT_IN[kind], *_offered(kind)}))


def build_component(kind: str, spec: str | Mapping[str, Any] | nn.Module, **context: Any) -> nn.Module:
    """Build a part from its specification.

    Args:
        kind: "router", "head_gate", "controller" or "metric_choice".
        spec: a name, a mapping ``{"name": name, **settings}``, or a finished module, returned as it is.
        context: what the place of use knows, by kind as the head of this module says.

    Returns:
        The part.

    Raises:
        ComponentError: an unknown kind or name, a specification without a name, missing context, settings
            that the builder refuses, a builder that cannot be imported or returns something else than a
            module.

    Example:
        >>> spec = {"name": "cosine", "temperature": 0.5}
        >>> build_component("router", spec, hidden_size=8, num_experts=4)
        CosineRouter()
    """
    _check_kind(kind)
    if isinstance(spec, nn.Module):
        return spec
    name, settings = _read(kind, spec)
    missing = [key for key in _CONTEXT[kind] if key not in context]
    if missing:
        raise ComponentError(
            f"a {kind} is built with {', '.join(_CONTEXT[kind])}; missing: {', '.join(missing)}"
        )
    builder = _find(kind, name)
    try:
        part = builder(settings, **context)
    except ComponentError:
        raise
    except (TypeError, ValueError, KeyError) as problem:
        raise ComponentError(f"{kind} {name!r} refuses the settings {settings}: {problem}") from problem
    if not isinstance(part, nn.Module):
        raise ComponentError(
            f"the builder of {kind} {name!r} returned {type(part).__name__}; it must return a torch.nn.Module"
        )
    return part


def _check_kind(kind: str) -> None:
    """Refuse a kind that does not exist."""
    if not isinstance(kind, str) or kind not in _CONTEXT:
        raise ComponentError(f"there is no kind of component {kind!r}; the kinds are {', '.join(_CONTEXT)}")


def _read(kind: str, spec: Any) -> tuple[str, dict[str, Any]]:
    """Name and settings of a specification, the settings as a copy the builder may change."""
    if isinstance(spec, str):
        return spec, {}
    if isinstance(spec, Mapping) and isinstance(spec.get("name"), str):
        return spec["name"], {str(k): copy.deepcopy(v) for k, v in spec.items() if k != "name"}
    raise ComponentError(
        f'a {kind} is given as a name, as {{"name": name, ...settings}} or as a torch.nn.Module, '
        f"not as {spec!r}; names: {', '.join(component_names(kind))}"
    )


def _offered(kind: str) -> dict[str, list[EntryPoint]]:
    """Name -> entry points of installed packages for a kind, read anew so that an installation is seen."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=_GROUP):
        start, _, name = entry.name.partition(".")
        if start == kind and name:
            found.setdefault(name, []).append(entry)
    return found


def _find(kind: str, name: str) -> Builder:
    """The builder behind a name."""
    if name in _registered[kind]:
        return _registered[kind][name]
    if name in _BUILT_IN[kind]:
        module, function = _BUILT_IN[kind][name]
        found: Builder = getattr(import_module(f".{module}", __package__), function)
        return found
    entries = _offered(kind).get(name, [])
    targets = sorted({entry.value for entry in entries})
    if len(targets) > 1:
        raise ComponentError(
            f"several installed packages offer a {kind} {name!r}: {', '.join(targets)}; "
            "uninstall one, or choose with register_component(kind, name, builder)"
        )
    if not targets:
        raise ComponentError(
            f"there is no {kind} {name!r}; registered are {', '.join(component_names(kind))}. Add one with "
            f'register_component("{kind}", "{name}", builder), or install the package that offers the entry '
            f'point "{kind}.{name}" in the group {_GROUP}'
        )
    try:
        loaded: Builder = entries[0].load()
    except (ImportError, AttributeError) as problem:
        raise ComponentError(
            f"{kind} {name!r} is offered as {targets[0]}, which cannot be imported: {problem}"
        ) from problem
    return loaded
