import dimod
import networkx
import numpy as np
import pytest

from hybrid_opt import graphs
from hybrid_opt.errors import ModelError, UnsupportedModelError
from hybrid_opt.qubo.files import (
    read_maxcut_file,
    read_model_file,
    read_quadratic_knapsack,
    read_sparse_qubo,
    write_sparse_qubo,
)
from hybrid_opt.qubo.reading import read_model


@pytest.fixture
def written(tmp_path):
    def write(content, name="model.txt"):
        path = tmp_path / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
        return path

    return write


def serialized(model):
    with model.to_file() as file:
        return file.read()


def cqm():
    model = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binary("x"), dimod.Binary(("pair", 1))
    s, i = dimod.Spin("s"), dimod.Integer("i", lower_bound=-2, upper_bound=7)
    model.set_objective(x + 2 * y - 3 * x * y + s * i + i * i + 1.5)
    for number in range(12):
        model.add_constraint(x + number * i <= number + 3, label=f"row {number}")
    model.add_constraint(x - y == 0, label="same")
    model.add_constraint(x + i >= 1, label="soft", weight=2.0, penalty="linear")
    model.add_discrete([x.variables[0], "d"], label="one")
    return model


# --- dimod ---------------------------------------------------------------------------------------------


def test_cqm_comes_back_whole_and_in_order(written):
    model = cqm()
    read = read_model_file(written(serialized(model), "model.cqm"))
    assert list(read.variables) == list(model.variables)
    assert list(read.constraints) == list(model.constraints)
    assert read.is_equal(model)
    assert read.constraints["soft"].lhs.weight() == 2.0
    assert read.constraints["one"].lhs.is_discrete()
    assert (read.lower_bound("i"), read.upper_bound("i")) == (-2, 7)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_bqm_comes_back(written, vartype):
    model = dimod.BinaryQuadraticModel({"a": 1.5, "b": 0}, {("a", "c"): -2}, 0.25, vartype)
    assert read_model_file(written(serialized(model))) == model


def test_empty_dimod_models(written):
    assert read_model_file(written(serialized(dimod.BinaryQuadraticModel("SPIN")))).num_variables == 0
    assert len(read_model_file(written(serialized(dimod.ConstrainedQuadraticModel()))).variables) == 0


def test_damaged_dimod_files_name_the_file(written):
    bqm = serialized(dimod.BinaryQuadraticModel({"a": 1}, {"ab": 2}, 0, "SPIN"))
    quadratic = 14 + int.from_bytes(bqm[10:14], "little") + 8 + 2 * 12
    out_of_range = bqm[: quadratic + 3] + b"\xff" + bqm[quadratic + 4 :]
    whole = serialized(cqm())
    for damaged in (bqm[:10], bqm[:40], bqm[:205], bqm[:250], out_of_range, whole[:300], whole[:-30]):
        with pytest.raises(ModelError, match=r"model\.txt is a damaged dimod file"):
            read_model_file(written(damaged))


def test_other_dimod_files_are_named(written):
    with pytest.raises(ModelError, match="kind 'DIMODXYZ'"):
        read_model_file(written(b"DIMODXYZ\x01"))


# --- LP ------------------------------------------------------------------------------------------------

LP = """\\ a comment
Minimize
 obj: x + 2 i + [ 4 x * i + 2 i^2 ] / 2 + 3
Subject To
 c1: x + i >= 1
 c2: x - i = 0
Bounds
 0 <= i <= 9
 -3 <= j <= -1
General
 i j
Binary
 x
End
"""


def test_lp_minimize(written):
    model = read_model_file(written(LP, "model.lp"))
    types = {v: (model.vartype(v), model.lower_bound(v), model.upper_bound(v)) for v in model.variables}
    assert types == {
        "x": (dimod.BINARY, 0, 1),
        "i": (dimod.INTEGER, 0, 9),
        "j": (dimod.INTEGER, -3, -1),
    }
    assert model.objective.energy({"x": 1, "i": 3, "j": -1}) == 1 + 6 + 2 * 3 + 9 + 3
    rows = {label: (row.sense.value, row.rhs) for label, row in model.constraints.items()}
    assert rows == {"c1": (">=", 1), "c2": ("==", 0)}


def test_lp_maximize_turns_every_sign(written):
    model = read_model_file(written(LP.replace("Minimize", "MAXIMIZE")))
    assert model.objective.energy({"x": 1, "i": 3, "j": -1}) == -(1 + 6 + 2 * 3 + 9 + 3)
    assert model.constraints["c1"].sense.value == ">="


def test_lp_real_variables_are_refused_by_name_later(written):
    model = read_model_file(written("min\n x + y\nst\n c: x + y >= 1\nbin\n x\nend\n"))
    with pytest.raises(UnsupportedModelError, match="'y' is real"):
        read_model(model)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LP.replace("4 x", "4..5 x"), r"line 3: '4\.\.5' is no number"),
        (LP.replace("End", ""), "no LP file that can be read"),
        (LP.replace("c1: x + i >= 1", "c1: 1 <= x + i <= 2"), "two-sided"),
        (LP.replace("c2", "c1"), "no LP file that can be read"),
        ("Minimize\nEnd\n", "without variables"),
    ],
)
def test_lp_errors(written, text, message):
    with pytest.raises(ModelError, match=message):
        read_model_file(written(text, "model.lp"))


def test_lp_special_ordered_sets_are_refused(written):
    with pytest.raises(UnsupportedModelError, match="line 14: special ordered sets"):
        read_model_file(written(LP.replace("End", "SOS\n s: S1:: x:1 i:2\nEnd")))


# --- sparse QUBO ---------------------------------------------------------------------------------------


def test_sparse_qubo_counts_off_diagonal_entries_twice(written):
    model = read_model_file(written("3 3\n1 1 -4\n1 3 2.5\n3 2 1e0\n"))
    assert model.vartype is dimod.BINARY
    assert list(model.variables) == [1, 2, 3]
    assert model.energy({1: 1, 2: 0, 3: 1}) == -4 + 2 * 2.5
    assert model.energy({1: 0, 2: 1, 3: 1}) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with ''"),
        ("3\n", "begins with '3'"),
        ("3 x\n", "begins with '3 x'"),
        ("3 2\n1 1 1\n", "header in line 1 says 2 entries, the file has 1"),
        ("3 1 9\n1 1 1\n", "line 1: the header is '3 1 9'"),
        ("3 1\n\n1 4 1\n", "line 3: index j is 4; it must be from 1 to 3"),
        ("3 1\n0 1 1\n", "line 2: index i is 0; it must be from 1 to 3"),
        ("3 1\n1.0 1 1\n", r"line 2: index i is '1\.0'; it must be a whole number"),
        ("3 1\n1 1\n", "line 2: 2 words; every line after the header must be 'i j q'"),
        ("3 1\n1 1 one\n", "line 2: the value q is 'one'; it must be a finite number"),
        ("3 1\n1 1 nan\n", "line 2: the value q is 'nan'; it must be a finite number"),
        ("3 2\n1 2 1\n2 1 1\n", "line 3: entry 2 1 is there already in line 2"),
    ],
)
def test_sparse_qubo_errors_name_the_line(written, text, message):
    with pytest.raises(ModelError, match=message):
        read_model_file(written(text))


def test_sparse_qubo_empty_file():
    with pytest.raises(ModelError, match="is empty"):
        read_sparse_qubo("/dev/null")


def test_sparse_qubo_round_trip(tmp_path):
    rng = np.random.default_rng(5)
    model = dimod.BinaryQuadraticModel(np.triu(np.round(rng.normal(size=(9, 9)), 3)), "BINARY")
    model.add_variable("alone")
    model.add_linear("z", 1 / 3)
    path = tmp_path / "model.sparse"
    write_sparse_qubo(model, path)
    read = read_sparse_qubo(path)
    assert list(read.variables) == list(range(1, 12))
    samples = rng.integers(0, 2, (50, 11))
    original = model.energies((samples, list(model.variables)))
    np.testing.assert_allclose(read.energies((samples, list(read.variables))), original, rtol=1e-13)
    write_sparse_qubo(read, tmp_path / "again.sparse")
    assert (tmp_path / "again.sparse").read_text() == path.read_text()


def test_sparse_qubo_refuses_what_the_format_cannot_hold(tmp_path):
    path = tmp_path / "model.sparse"
    path.write_text("kept")
    broken = dimod.BinaryQuadraticModel({0: np.nan}, {}, 0, "BINARY")
    for model, message in [
        (dimod.BinaryQuadraticModel({0: 1}, {}, 0, "SPIN"), "change_vartype"),
        (dimod.BinaryQuadraticModel({0: 1}, {}, 0.5, "BINARY"), "offset 0.5"),
        (broken, "NaN or infinite"),
        (cqm(), "0/1 variables"),
    ]:
        with pytest.raises(ModelError, match=message):
            write_sparse_qubo(model, path)
    assert path.read_text() == "kept"
    with pytest.raises(ModelError, match="cannot be written"):
        write_sparse_qubo(dimod.BinaryQuadraticModel("BINARY"), tmp_path / "no folder" / "model.sparse")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.sparse"]


# --- max-cut and knapsack ------------------------------------------------------------------------------


def test_maxcut_file(written):
    graph = read_maxcut_file(written("4 2 \n1 2 -1\n3 1 2.5\n"))
    expected = networkx.Graph()
    expected.add_nodes_from([1, 2, 3, 4])
    expected.add_weighted_edges_from([(1, 2, -1), (1, 3, 2.5)])
    assert networkx.utils.graphs_equal(graph, expected)
    assert graphs.maxcut(graph).energy({1: 1, 2: 0, 3: 0, 4: 0}) == -1.5


def test_maxcut_file_errors(written):
    with pytest.raises(ModelError, match="line 3: the edge joins node 2 to itself"):
        read_maxcut_file(written("4 2\n1 2 1\n2 2 1\n"))


KNAPSACK = "name\n3\n 5 6 7\n 1 0\n 4\n\n0\n10\n 2 3 4\n\nComments\n"


def test_quadratic_knapsack(written):
    model = read_quadratic_knapsack(written(KNAPSACK))
    assert list(model.variables) == [1, 2, 3]
    assert model.objective.energy({1: 1, 2: 1, 3: 1}) == -(5 + 6 + 7 + 1 + 4)
    assert model.objective.energy({1: 1, 2: 0, 3: 1}) == -12
    row = model.constraints["capacity"]
    assert (dict(row.lhs.linear), row.sense.value, row.rhs) == ({1: 2, 2: 3, 3: 4}, "<=", 10)
    exactly = read_quadratic_knapsack(written(KNAPSACK.replace("\n0\n10", "\n1\n10")))
    assert exactly.constraints["capacity"].sense.value == "=="


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n3\n", "\nthree\n", "line 2: the number of items is 'three'"),
        (" 5 6 7", " 5 6", "line 3: the profits must be 3 numbers, there are 2"),
        (" 1 0\n", " 1 x\n", "line 4: the profit of items 1 and 3 is 'x'"),
        ("\n0\n10", "\n2\n10", "line 7: the type of the constraint is 2; it must be from 0 to 1"),
        (" 2 3 4\n\nComments\n", "", "ends before the weights"),
    ],
)
def test_quadratic_knapsack_errors_name_the_line(written, old, new, message):
    with pytest.raises(ModelError, match=message):
        read_quadratic_knapsack(written(KNAPSACK.replace(old, new, 1)))


# --- every reader --------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [read_model_file, read_maxcut_file, read_quadratic_knapsack])
def test_missing_and_unreadable_files(read, tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.txt cannot be read: No such file"):
        read(tmp_path / "nowhere.txt")
    with pytest.raises(ModelError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "utf16.txt").write_bytes("3 1\n1 2 1\n".encode("utf-16"))
    with pytest.raises(ModelError, match=r"utf16\.txt is no text file in UTF-8"):
        read(tmp_path / "utf16.txt")


def test_unknown_format(written):
    with pytest.raises(ModelError, match="begins with 'hello world', which is no format known here"):
        read_model_file(written("hello world"))
