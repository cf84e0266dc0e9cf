"""The best score: five networks of strong that learn all rows, judged by five in folds."""

# Networks err alike: of 42,000 rows, out of fold, strong alone misreads 171; with resnet, vgg, larger convolutions or
# a dense network 162 to 171, with any three of these 157 to 171. More rows help more: see _ALONE in
# training/committee.py, and benchmarks/results/ingredients.md.
members = ("strong",)
folds = 5
refit = 5
