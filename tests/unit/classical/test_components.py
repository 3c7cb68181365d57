"""The registry: names, specifications, entry points of packages, and every way to get them wrong."""

import sys

import pytest
from torch import nn

from hybrid_opt.classical import components
from hybrid_opt.classical.components import build_component, component_names, register_component
from hybrid_opt.classical.errors import ComponentError

CONTEXT = {
    "router": {"hidden_size": 8, "num_experts": 4},
    "head_gate": {"num_heads": 2, "layer_index": 0, "hidden_size": 8},
    "controller": {"num_heads": 2, "layer_index": 0},
    "metric_choice": {"num_layers": 2, "start_metrics": ["l1", "l1"]},
}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(components, "_registered", {kind: {} for kind in CONTEXT})


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a package with entry points on the path, as an installation does."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install_package(package, entries, code):
        (tmp_path / f"{package}.py").write_text(code)
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {package}:{target}" for name, target in entries.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[hybrid_opt.components]", *lines, ""]))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return install_package


def build_linear(settings, *, hidden_size, num_experts, **context):
    return nn.Linear(hidden_size, num_experts, **settings)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("router", ("cosine", "rbf", "softmax")),
        ("head_gate", ("fixed", "gumbel_top_k", "learned", "top_k")),
        ("controller", ("constant",)),
    ],
)
def test_every_built_in_is_listed_and_built(kind, names):
    assert set(names) <= set(component_names(kind))
    assert list(component_names(kind)) == sorted(component_names(kind))
    for name in names:
        part = build_component(kind, name, **CONTEXT[kind])
        assert isinstance(part, nn.Module)
        assert callable(part.reset_parameters)


def test_a_registered_name_is_listed_and_built_with_its_settings():
    register_component("router", "affine", build_linear)
    assert "affine" in component_names("router")
    assert "affine" not in component_names("controller")
    part = build_component("router", {"name": "affine", "bias": False}, **CONTEXT["router"])
    assert (part.in_features, part.out_features, part.bias) == (8, 4, None)


def test_a_specification_is_not_changed_by_a_builder_that_changes_its_settings():
    def greedy(settings, **context):
        settings["list"].append(1)
        return nn.Identity()

    register_component("router", "greedy", greedy)
    spec = {"name": "greedy", "list": []}
    build_component("router", spec, **CONTEXT["router"])
    assert spec == {"name": "greedy", "list": []}


def test_a_finished_module_is_returned_as_it_is():
    part = nn.Identity()
    assert build_component("router", part) is part


def test_a_taken_name_needs_replace():
    register_component("router", "affine", build_linear)
    for name in ("affine", "softmax"):
        with pytest.raises(ComponentError, match=r"already; .*replace=True"):
            register_component("router", name, build_linear)
    register_component("router", "softmax", build_linear, replace=True)
    assert isinstance(build_component("router", "softmax", **CONTEXT["router"]), nn.Linear)


def test_an_entry_point_is_listed_without_import_and_imported_when_built(install):
    code = "from torch import nn\ndef build(settings, **context):\n    return nn.Dropout(**settings)\n"
    install("offered_part", {"router.offered": "build"}, code)
    assert "offered" in component_names("router")
    assert "offered" not in component_names("head_gate")
    assert "offered_part" not in sys.modules
    assert build_component("router", {"name": "offered", "p": 0.25}, **CONTEXT["router"]).p == 0.25


def test_an_entry_point_that_cannot_be_imported(install):
    install(
        "broken_part", {"router.broken": "build", "router.absent": "nothing"}, "import no_such_module_here\n"
    )
    with pytest.raises(
        ComponentError, match=r"'broken' is offered as broken_part:build.*no_such_module_here"
    ):
        build_component("router", "broken", **CONTEXT["router"])


def test_two_packages_that_offer_one_name(install):
    for package in ("first_part", "second_part"):
        install(package, {"router.both": "build"}, "")
    with pytest.raises(ComponentError, match="first_part:build, second_part:build"):
        build_component("router", "both", **CONTEXT["router"])


def test_an_unknown_name_lists_what_there_is_and_how_to_add_it():
    with pytest.raises(ComponentError, match=r"'none_such'; registered are .*cosine, .*softmax") as caught:
        build_component("router", "none_such", **CONTEXT["router"])
    assert 'register_component("router", "none_such", builder)' in str(caught.value)
    assert 'entry point "router.none_such"' in str(caught.value)


@pytest.mark.parametrize("call", [
    lambda: component_names("routers"),
    lambda: build_component("routers", "softmax"),
    lambda: build_component(["router"], "softmax"),
    lambda: register_component("routers", "x", build_linear),
])  # fmt: skip
def test_an_unknown_kind(call):
    with pytest.raises(ComponentError, match="the kinds are router, head_gate, controller"):
        call()


@pytest.mark.parametrize("spec", [{}, {"temperature": 1.0}, {"name": 3}, None, 7, ["softmax"]])
def test_a_specification_without_a_name(spec):
    with pytest.raises(ComponentError, match=r"a router is given as a name.*cosine, .*softmax"):
        build_component("router", spec, **CONTEXT["router"])


def test_missing_context():
    with pytest.raises(ComponentError, match="missing: num_experts"):
        build_component("router", "softmax", hidden_size=8)


@pytest.mark.parametrize("problem", [TypeError("t"), ValueError("v"), KeyError("k")])
def test_settings_that_a_builder_refuses(problem):
    def refuse(settings, **context):
        raise problem

    register_component("router", "strict", refuse)
    with pytest.raises(ComponentError, match=r"'strict' refuses the settings {'a': 1}") as caught:
        build_component("router", {"name": "strict", "a": 1}, **CONTEXT["router"])
    assert caught.value.__cause__ is problem


def test_a_builder_that_returns_no_module():
    register_component("router", "wrong", lambda settings, **context: "text")
    with pytest.raises(ComponentError, match=r"returned str; it must return a torch.nn.Module"):
        build_component("router", "wrong", **CONTEXT["router"])


@pytest.mark.parametrize(("name", "builder"), [("", build_linear), (3, build_linear), ("x", "no function")])
def test_a_registration_that_makes_no_sense(name, builder):
    with pytest.raises(ComponentError, match=r"a string that is not empty|give a function"):
        register_component("router", name, builder)
