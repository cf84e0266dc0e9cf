"""Ten large networks, five in folds and five on all rows; for a GPU: train grand --on kaggle."""

members = ("deep-resnet",)
folds = 5
refit = 5
