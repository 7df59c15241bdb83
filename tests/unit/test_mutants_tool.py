from collections import Counter

from tools.mutants import EQUIVALENT, equivalent_mutants, summary


def test_the_list_of_equivalent_mutants_gives_a_reason_for_each() -> None:
    blocks = EQUIVALENT.read_text(encoding="utf-8").strip().split("\n\n")
    assert all(block.startswith("# ") for block in blocks)


def test_a_block_of_the_list_is_a_function_and_its_changed_lines() -> None:
    text = (
        "# An introduction.\n\n# Sorted anyway.\nhealth.judge.x_judge\n- a < b\n+ a <= b\n\n# Other.\nhealth.cron.x\n"
    )
    assert equivalent_mutants(text) == {"health.judge.x_judge\n- a < b\n+ a <= b", "health.cron.x"}


def test_the_score_counts_what_was_tried() -> None:
    results = Counter({"killed": 88, "timeout": 1, "crashed": 1, "survived": 9, "no tests": 1})
    assert summary(results, 3, not_tried=7) == (
        "90.0 % of 100 mutants are noticed (1 by a test that took too long); "
        "3 survivors are not known to be equivalent.\n7 mutants were not tried."
    )
    assert summary(Counter({"killed": 2}), 0) == (
        "100.0 % of 2 mutants are noticed; 0 survivors are not known to be equivalent."
    )
