"""Ten large networks that answer together, for a GPU."""

members = ("deep-resnet",)
folds = 5
refit = 5
