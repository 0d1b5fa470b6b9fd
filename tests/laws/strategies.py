"""What the properties are tried on: sides, sizes and limits where the rules have their edges."""

from hypothesis import strategies as st

REFERENCES = ("docs", "docs-video", "qwen-vl-utils", "transformers")
FACTORS = (28, 32)

references = st.sampled_from(REFERENCES)
factors = st.sampled_from(FACTORS)

# Half-way cases lie at odd multiples of half a factor, the smallest trouble below one factor.
sides = st.one_of(
    st.integers(1, 70),
    st.integers(1, 8000),
    st.integers(1, 600).map(lambda n: n * 14),
    st.integers(1, 600).map(lambda n: n * 16),
    st.integers(1, 200_000),
)
sizes = st.tuples(sides, sides)


def ordinary(size: tuple[int, int], ratio: float = 200) -> bool:
    return max(size) <= ratio * min(size)


ordinary_sizes = sizes.filter(ordinary)


@st.composite
def any_limits(draw: st.DrawFn) -> tuple[int, int]:
    """Limits in any order, also closer together than a token."""
    low = draw(st.one_of(st.integers(0, 5000), st.integers(0, 20_000_000)))
    high = draw(st.one_of(st.integers(1, 20_000_000), st.integers(low + 1, low + 5000)))
    return low, high


@st.composite
def wide_limits(draw: st.DrawFn, factor: int) -> tuple[int, int]:
    """Limits as the vendors set them: the upper at least four times the lower, and 200 tokens."""
    low = draw(st.integers(0, 4096)) * factor**2
    high = draw(st.integers(max(200, 4 * low // factor**2), 17_000)) * factor**2
    return low, high
