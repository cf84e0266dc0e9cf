"""The competition's files: their names, columns and numbers of rows. Light, since every command may ask for them."""

from pathlib import Path

FOLDER = Path("data")
"""Where the competition's files are, if nobody says otherwise."""

TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"

ROWS = (42_000, 28_000)
"""How many images train.csv and test.csv have."""

SIDE = 28
"""Height and width of the images, in pixels."""

LABEL = "label"
PIXELS = tuple(f"pixel{number}" for number in range(SIDE * SIDE))
