"""For a GPU: five large networks answer together."""

members = ("deep-resnet",)
folds = 5
refit = 5
