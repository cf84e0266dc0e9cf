"""Which rows are held out: the same whatever the seed of a training, so that any two can be compared row by row."""

SPLIT_SEED = 0
"""Of the rows that `train` holds out once."""

FOLDS_SEED = 0
"""Of the folds that the rows are dealt into."""
