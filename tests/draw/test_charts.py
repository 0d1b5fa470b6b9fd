import numpy as np

from vlprep.draw.charts import HEIGHT, WIDTH, Chart, draw_chart


def chart(**changes):
    parts = {
        "curves": {"high": ((0.1, 100), (2, 2000)), "low": ((0.1, 10), (2, 200))},
        "limit": 1500,
        "limit_label": "1,500 tokens",
        "chosen": (1.5, 1500),
        "across": "frames per second",
        "up": "tokens",
    }
    return Chart(**{**parts, **changes})


def drawn(**changes):
    return np.asarray(draw_chart(chart(**changes), "clip.mp4", ["a line"])).astype(int)


def test_it_has_one_size():
    assert drawn().shape == (HEIGHT, WIDTH, 3)


def test_curves_limit_and_mark_are_in_their_places():
    picture = drawn()
    blue = np.argwhere((np.abs(picture - (79, 195, 247)) < 12).all(axis=2))
    green = np.argwhere((np.abs(picture - (129, 199, 132)) < 12).all(axis=2))
    amber = np.argwhere((picture == (255, 179, 0)).all(axis=2))
    assert blue[:, 0].min() < amber[:, 0].min() < green[:, 0].min()  # rows grow downwards
    higher = drawn(limit=500)
    lower_line = np.argwhere((higher == (255, 179, 0)).all(axis=2))
    assert lower_line[:, 0].max() > amber[:, 0].max()


def test_the_mark_moves_with_the_choice():
    assert (drawn() != drawn(chosen=(0.5, 500))).any()


def test_one_point_and_nothing_but_zeros_can_be_drawn():
    assert drawn(curves={"dot": ((2.0, 0.0),)}, limit=0).shape == (HEIGHT, WIDTH, 3)
