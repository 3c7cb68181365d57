"""What was read is collected by the planner that is being made, and by nobody else."""

from hybrid_opt.planning.table_notes import announce, collected, tells_what_was_read


class Planner:
    @tells_what_was_read
    def __init__(self, *said: str) -> None:
        for note in said:
            announce(note)
        self.notes = ["own"]


def test_notes_come_first_and_once() -> None:
    assert Planner("b", "a", "b").notes == ["b", "a", "own"]
    assert Planner().notes == ["own"]


def test_a_planner_inside_a_planner_keeps_its_notes() -> None:
    with collected() as notes:
        announce("outer")
        assert Planner("inner").notes == ["inner", "own"]
        announce("later")
    assert notes == ["outer", "later"]
    announce("nobody listens")
    assert notes == ["outer", "later"]
