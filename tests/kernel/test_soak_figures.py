"""The soak's judgement: what grows is named, what comes and goes is not."""

from dataclasses import replace

from tests.kernel.soak_figures import Figures, faults_in, grown

FLAT = Figures(
    mb=90.0, resident_mb=110.0, descriptors=69, threads=10, tasks=1, objects=1000, functions=15, log=300,
    types={"builtins.dict": 500, "shop.Book": 3},
)  # fmt: skip


def test_a_session_that_only_fluctuates_is_flat() -> None:
    """An allocator gives back now and then, and a connection has not quite ended when it is counted."""
    figures = [
        replace(FLAT, mb=90 + number % 2 / 2, descriptors=69 + number % 3, functions=15 + number % 4)
        for number in range(16)
    ]

    assert faults_in(figures) == []


def test_each_kind_of_growth_is_named() -> None:
    """Whoever reads the verdict knows where to look."""
    figures = [
        replace(
            FLAT,
            mb=90 + number / 5,
            threads=10 + number // 8,
            functions=15 + number,
            types={"builtins.dict": 500, "shop.Book": number},
        )
        for number in range(16)
    ]

    assert faults_in(figures) == [
        "memory grew by 2.40 MB",
        "generated functions grew by 12",
        "threads grew from 10 to 11",
    ]
    assert grown(figures) == [("shop.Book", 12)]
