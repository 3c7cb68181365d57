from hybrid_opt.planning.phases import run_phases


def test_every_phase_is_announced_and_its_answer_kept():
    seen, notes = [], []
    phases = {f"phase {k}": lambda k=k: k for k in range(14)}
    done = run_phases(phases, lambda share, words: seen.append((share, words)), notes)
    assert done == {f"phase {k}": k for k in range(14)}
    assert seen[0] == (0.4, "phase 0")
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 0.95
    assert notes == []


def test_what_ended_before_ctrl_c_is_kept():
    def stop():
        raise KeyboardInterrupt

    notes = []
    done = run_phases({"a": lambda: 1, "b": stop, "c": lambda: 2}, lambda share, words: None, notes)
    assert done == {"a": 1}
    assert notes == ["ctrl-C: the plan stands, but b, c was left out"]
